-- Format 6: where a person says that recorders stood.
--
-- `stood`: JSON of evidence::Stood.

CREATE TABLE anchor_6 (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL CHECK (kind IN ('place', 'clock', 'reading', 'choice', 'stood')),
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
INSERT INTO anchor_6 SELECT id, kind, source, other, anchor, said, at_utc, actor, custody, undone
    FROM anchor;
DROP TABLE anchor;
ALTER TABLE anchor_6 RENAME TO anchor;
