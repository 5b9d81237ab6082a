-- Format 5: what persons read from clocks, and what they chose.
--
-- `reading`: what a clock showed at a moment of a recording, JSON of evidence::ClockReading.
-- `choice`: what the case is asked to do from now on, JSON of its name; of no recording.

CREATE TABLE anchor_5 (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL CHECK (kind IN ('place', 'clock', 'reading', 'choice')),
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
INSERT INTO anchor_5 SELECT id, kind, source, other, anchor, said, at_utc, actor, custody, undone
    FROM anchor;
DROP TABLE anchor;
ALTER TABLE anchor_5 RENAME TO anchor;
