-- The index: what is said and written, made for searching. A cache: it holds nothing that is not in
-- the case or in its documents.

-- What is indexed: a transcript by the hash of its custody record, a document by its hash and by who
-- read it. Its passages are numbered id * 2^24 + 1, + 2, …, in order of their beginnings.
CREATE TABLE origin (
    id       INTEGER PRIMARY KEY,
    key      TEXT NOT NULL UNIQUE,
    source   TEXT NOT NULL,
    record   INTEGER,
    passages INTEGER NOT NULL,
    words    INTEGER NOT NULL,
    why      TEXT
) STRICT;

-- Utterances first to last of the transcript, and who speaks them.
CREATE TABLE passage (
    id       INTEGER PRIMARY KEY,
    first    INTEGER NOT NULL,
    last     INTEGER NOT NULL,
    start_ns INTEGER NOT NULL,
    speaker  TEXT NOT NULL
) STRICT;

CREATE TABLE paragraph (
    id   INTEGER PRIMARY KEY,
    page INTEGER,
    text TEXT NOT NULL
) STRICT;

-- Every word there is, with its sound.
CREATE TABLE word (
    word  TEXT PRIMARY KEY,
    sound TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX word_by_sound ON word (sound, word);

-- The tokens are ours (fold.rs), parted by blanks; `ascii` leaves all letters beyond ASCII alone.
CREATE VIRTUAL TABLE said USING fts5 (
    words, speaker, content = '', contentless_delete = 1, tokenize = 'ascii'
);
