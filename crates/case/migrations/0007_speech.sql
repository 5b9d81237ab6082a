-- Format 7: what is said in each recording, as recognisers and documents have it.
--
-- A transcript is known by the custody record under which it was stored. Each recording has one by
-- a recogniser at most, and one by each document that somebody brought. `by_whom` is JSON of
-- evidence::Stenographer. The words of an utterance are one text, and `times` says where in it each
-- of them is, when it is said and how sure that is: see transcripts.rs.

CREATE TABLE transcript (
    custody  INTEGER PRIMARY KEY REFERENCES custody (seq),
    source   TEXT NOT NULL REFERENCES recording (source),
    document TEXT REFERENCES source (id),
    by_whom  TEXT NOT NULL,
    run      INTEGER NOT NULL REFERENCES run (id)
) STRICT;
CREATE UNIQUE INDEX transcript_once ON transcript (source, coalesce(document, ''));

CREATE TABLE utterance (
    transcript INTEGER NOT NULL REFERENCES transcript (custody) ON DELETE CASCADE,
    n          INTEGER NOT NULL,
    voice      INTEGER CHECK (voice >= 0),
    speaker    TEXT,
    language   TEXT,
    words      TEXT NOT NULL,
    times      BLOB NOT NULL,
    PRIMARY KEY (transcript, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE unclear (
    transcript INTEGER NOT NULL REFERENCES transcript (custody) ON DELETE CASCADE,
    n          INTEGER NOT NULL,
    start_ns   INTEGER NOT NULL,
    end_ns     INTEGER NOT NULL,
    reason     TEXT NOT NULL,
    PRIMARY KEY (transcript, n)
) STRICT, WITHOUT ROWID;
