-- Format 9: what persons say was said, in the place of what a machine or a document wrote down.
--
-- A correction is a row of `anchor`, of kind `corrected`, JSON of evidence::Corrected. What it corrects
-- stays as it was stored.

CREATE TABLE anchor_9 (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL
            CHECK (kind IN ('place', 'clock', 'reading', 'choice', 'stood', 'named', 'corrected')),
    source  TEXT REFERENCES source (id),
    other   TEXT REFERENCES source (id),
    anchor  TEXT NOT NULL,
    said    TEXT NOT NULL,
    at_utc  TEXT NOT NULL,
    actor   TEXT NOT NULL,
    custody INTEGER NOT NULL REFERENCES custody (seq),
    undone  INTEGER REFERENCES custody (seq),
    CHECK ((source IS NULL) = (kind = 'choice')),
    CHECK ((other IS NULL) = (kind <> 'place'))
) STRICT;
INSERT INTO anchor_9 SELECT id, kind, source, other, anchor, said, at_utc, actor, custody, undone
    FROM anchor;
DROP TABLE anchor;
ALTER TABLE anchor_9 RENAME TO anchor;
