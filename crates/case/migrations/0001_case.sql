-- Format 1: custody, sources, the ledger of runs, what was listened to, the alignment.
--
-- Times are integer nanoseconds (names end in _ns) on the clock that evidence::clock_map
-- defines. A source is named by the 64 hexadecimal digits of its SHA-256. Every derived row
-- names its run; nothing in a derived row depends on when it was computed.

-- The custody log; custody.jsonl is the same lines as a file. See custody.rs.
CREATE TABLE custody (
    seq  INTEGER PRIMARY KEY CHECK (seq > 0),
    prev TEXT NOT NULL UNIQUE CHECK (length(prev) = 64),
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
    line TEXT NOT NULL
) STRICT;

CREATE TRIGGER custody_is_never_altered BEFORE UPDATE ON custody
BEGIN SELECT RAISE(ABORT, 'a custody record is never altered'); END;

CREATE TRIGGER custody_is_never_removed BEFORE DELETE ON custody
BEGIN SELECT RAISE(ABORT, 'a custody record is never removed'); END;

CREATE TABLE source (
    id         TEXT PRIMARY KEY CHECK (length(id) = 64 AND id NOT GLOB '*[^0-9a-f]*'),
    kind       TEXT NOT NULL CHECK (kind IN ('recording', 'document')),
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    custody    INTEGER NOT NULL REFERENCES custody (seq)
) STRICT, WITHOUT ROWID;

-- Every time a source was found somewhere it had not been known to be. The newest row of a
-- path says what the path held when it was last added.
CREATE TABLE found (
    custody     INTEGER PRIMARY KEY REFERENCES custody (seq),
    source      TEXT NOT NULL REFERENCES source (id),
    path        BLOB NOT NULL CHECK (length(path) > 0),
    copied_from BLOB,
    at_utc      TEXT NOT NULL,
    actor       TEXT NOT NULL
) STRICT;
CREATE INDEX found_by_source ON found (source, custody);
-- A copy is known by where the original was.
CREATE INDEX found_by_path ON found (coalesce(copied_from, path), custody);

-- What a probe told of a recording: JSON of evidence::Recording without its claims.
CREATE TABLE recording (
    source      TEXT PRIMARY KEY REFERENCES source (id),
    duration_ns INTEGER NOT NULL,
    probe       TEXT NOT NULL,
    custody     INTEGER NOT NULL REFERENCES custody (seq),
    run         INTEGER REFERENCES run (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE claim (
    source   TEXT NOT NULL REFERENCES recording (source),
    n        INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    found_in TEXT NOT NULL,
    PRIMARY KEY (source, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE run (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL CHECK (length(key) = 64),
    step     TEXT NOT NULL,
    version  INTEGER NOT NULL CHECK (version >= 0),
    params   TEXT NOT NULL,
    inputs   TEXT NOT NULL,
    tool     TEXT NOT NULL,
    actor    TEXT NOT NULL,
    started  TEXT NOT NULL,
    finished TEXT,
    counts   TEXT,
    why      TEXT,
    outcome  TEXT NOT NULL CHECK (outcome IN
        ('running', 'done', 'interrupted', 'abandoned', 'superseded')),
    CHECK ((finished IS NULL) = (outcome IN ('running', 'interrupted')))
) STRICT;
CREATE INDEX run_by_key ON run (key);
CREATE INDEX run_open ON run (outcome) WHERE outcome = 'running';

CREATE TABLE listened (
    source   TEXT PRIMARY KEY REFERENCES recording (source),
    run      INTEGER NOT NULL REFERENCES run (id),
    warnings TEXT NOT NULL,
    custody  INTEGER NOT NULL REFERENCES custody (seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX listened_by_run ON listened (run);

CREATE TABLE stretch (
    source   TEXT NOT NULL REFERENCES listened (source) ON DELETE CASCADE,
    n        INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    end_ns   INTEGER NOT NULL,
    PRIMARY KEY (source, n)
) STRICT, WITHOUT ROWID;

-- One row: which run the placements, ties, refusals and excerpts are from.
CREATE TABLE alignment (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    run     INTEGER NOT NULL REFERENCES run (id),
    custody INTEGER NOT NULL REFERENCES custody (seq)
) STRICT;

CREATE TABLE placement (
    source TEXT PRIMARY KEY REFERENCES source (id),
    run    INTEGER NOT NULL REFERENCES run (id),
    island INTEGER NOT NULL CHECK (island >= 0)
) STRICT, WITHOUT ROWID;

CREATE TABLE placement_piece (
    source    TEXT NOT NULL REFERENCES placement (source) ON DELETE CASCADE,
    n         INTEGER NOT NULL,
    start_ns  INTEGER NOT NULL,
    end_ns    INTEGER NOT NULL,
    offset_ns INTEGER NOT NULL,
    drift_ppb INTEGER NOT NULL,
    sigma_ns  INTEGER NOT NULL,
    PRIMARY KEY (source, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE tie (
    id                  INTEGER PRIMARY KEY,
    run                 INTEGER NOT NULL REFERENCES run (id),
    left                TEXT NOT NULL REFERENCES source (id),
    right               TEXT NOT NULL REFERENCES source (id),
    score               REAL NOT NULL,
    windows_agree       INTEGER NOT NULL,
    windows_disagree    INTEGER NOT NULL,
    runner_up_offset_ns INTEGER,
    runner_up_share     REAL,
    accepted            INTEGER NOT NULL CHECK (accepted IN (0, 1)),
    CHECK ((runner_up_offset_ns IS NULL) = (runner_up_share IS NULL))
) STRICT;

CREATE TABLE tie_piece (
    tie       INTEGER NOT NULL REFERENCES tie (id) ON DELETE CASCADE,
    n         INTEGER NOT NULL,
    start_ns  INTEGER NOT NULL,
    end_ns    INTEGER NOT NULL,
    offset_ns INTEGER NOT NULL,
    drift_ppb INTEGER NOT NULL,
    sigma_ns  INTEGER NOT NULL,
    PRIMARY KEY (tie, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE refusal (
    id      INTEGER PRIMARY KEY,
    run     INTEGER NOT NULL REFERENCES run (id),
    source  TEXT NOT NULL REFERENCES source (id),
    refusal TEXT NOT NULL
) STRICT;

CREATE TABLE excerpt (
    id              INTEGER PRIMARY KEY,
    run             INTEGER NOT NULL REFERENCES run (id),
    copy            TEXT NOT NULL REFERENCES source (id),
    start_ns        INTEGER NOT NULL,
    end_ns          INTEGER NOT NULL,
    source          TEXT NOT NULL REFERENCES source (id),
    source_start_ns INTEGER NOT NULL
) STRICT;
