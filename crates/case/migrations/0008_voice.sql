-- Format 8: what the voices of a recording sound like, as its utterances count them.
--
-- `print` is the 192 numbers of evidence::Voiceprint, a byte with a sign for each. Whose voice it is, a
-- person says: that is a row of `anchor`, of kind `named`, JSON of evidence::Named.

CREATE TABLE voice (
    transcript INTEGER NOT NULL REFERENCES transcript (custody) ON DELETE CASCADE,
    n          INTEGER NOT NULL CHECK (n >= 0),
    print      BLOB NOT NULL CHECK (length(print) = 192),
    PRIMARY KEY (transcript, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE anchor_8 (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL
            CHECK (kind IN ('place', 'clock', 'reading', 'choice', 'stood', 'named')),
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
INSERT INTO anchor_8 SELECT id, kind, source, other, anchor, said, at_utc, actor, custody, undone
    FROM anchor;
DROP TABLE anchor;
ALTER TABLE anchor_8 RENAME TO anchor;
