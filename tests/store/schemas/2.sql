-- Version 2.  Times are seconds since the epoch; `body` columns hold canonical JSON.
-- Written for SQLite; store/postgresql.py puts its own words for a few of these.
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- One writer per App: a holder proves itself by its epoch in every transaction.
CREATE TABLE lease (
    app TEXT PRIMARY KEY,
    holder TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    expires_at REAL NOT NULL
) WITHOUT ROWID;

-- `sources` is sealed by whoever wrote it.
CREATE TABLE revision (
    app TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    cause TEXT NOT NULL,
    body TEXT NOT NULL,
    sources BLOB,
    PRIMARY KEY (app, number)
) WITHOUT ROWID;

CREATE TABLE placement (
    app TEXT PRIMARY KEY,
    body TEXT NOT NULL
) WITHOUT ROWID;

-- Ports of machines that an App's gateways hold; `purpose` keeps them stable.
CREATE TABLE reservation (
    app TEXT NOT NULL,
    purpose TEXT NOT NULL,
    port INTEGER NOT NULL,
    PRIMARY KEY (app, purpose)
) WITHOUT ROWID;
CREATE INDEX reservation_port ON reservation (port);

-- The uid of an address for ever, and the highest incarnation it ever had.
CREATE TABLE identity (
    app TEXT NOT NULL,
    address TEXT NOT NULL,
    uid TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    PRIMARY KEY (app, address)
) WITHOUT ROWID;

-- Where an App ever had something, and when that was last listed to the end.
CREATE TABLE kind (
    app TEXT NOT NULL,
    venue TEXT NOT NULL,
    type TEXT NOT NULL,
    listed_at REAL,
    PRIMARY KEY (app, venue, type)
) WITHOUT ROWID;

-- What need not be looked at: an empty digest says that something has happened since.
CREATE TABLE rest (
    app TEXT NOT NULL,
    component TEXT NOT NULL,
    digest TEXT NOT NULL,
    findings TEXT NOT NULL,
    PRIMARY KEY (app, component)
) WITHOUT ROWID;

-- Written before a call; settled after it.  An open one after a crash is an unknown outcome.
-- `attempt` definite failures lay behind the last call, `failures` behind the intent by now.
CREATE TABLE intent (
    id INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    change TEXT NOT NULL,
    verb TEXT NOT NULL,
    address TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    token TEXT NOT NULL,
    at REAL NOT NULL,
    body TEXT NOT NULL,
    resume TEXT,
    settled_at REAL,
    outcome TEXT,
    request TEXT,
    attempt INTEGER NOT NULL DEFAULT 0,
    failures INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX intent_open ON intent (app) WHERE settled_at IS NULL;
CREATE INDEX intent_failed ON intent (app) WHERE failures > 0;
CREATE INDEX intent_create ON intent (address, incarnation) WHERE verb = 'create';

-- Everything there ever was; what exists has a body.
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    address TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    venue TEXT NOT NULL,
    type TEXT NOT NULL,
    body TEXT
);
CREATE UNIQUE INDEX item_key ON item (app, address, incarnation);
CREATE INDEX item_type ON item (type);
CREATE INDEX item_present ON item (app) WHERE body IS NOT NULL;

-- Append-only: a row per change of an item's content; a NULL body says it was gone from then on.
CREATE TABLE version (
    seq INTEGER PRIMARY KEY,
    item INTEGER NOT NULL,
    at REAL NOT NULL,
    cause TEXT NOT NULL,
    body TEXT
);
CREATE INDEX version_item ON version (item, seq, at);
CREATE INDEX version_at ON version (at, seq);
