-- Format 2: what a person says of time, and what a tie rests on.

ALTER TABLE tie ADD COLUMN kind TEXT NOT NULL DEFAULT 'sound'
    CHECK (kind IN ('sound', 'light', 'hand', 'clock'));

-- What a person holds to be so: `place`, two moments of two recordings that are one; `clock`, a
-- moment of a recording as true time. `anchor` is JSON of evidence::Anchor or
-- evidence::UtcAnchor, `said` the person's own words. A row is never altered but for `undone`,
-- the record under which it was taken back.
CREATE TABLE anchor (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL CHECK (kind IN ('place', 'clock')),
    source  TEXT NOT NULL REFERENCES source (id),
    other   TEXT REFERENCES source (id),
    anchor  TEXT NOT NULL,
    said    TEXT NOT NULL,
    at_utc  TEXT NOT NULL,
    actor   TEXT NOT NULL,
    custody INTEGER NOT NULL REFERENCES custody (seq),
    undone  INTEGER REFERENCES custody (seq),
    CHECK ((other IS NULL) = (kind = 'clock'))
) STRICT;
