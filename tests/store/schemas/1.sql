-- Version 1.  Times are seconds since the epoch; `body` columns hold canonical JSON.
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

CREATE TABLE revision (
    app TEXT NOT NULL,
    number INTEGER NOT NULL,
    at REAL NOT NULL,
    cause TEXT NOT NULL,
    body TEXT NOT NULL,
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

-- Written before a call; settled after it.  An open one after a crash is an unknown outcome.
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
    outcome TEXT
);
CREATE INDEX intent_open ON intent (app) WHERE settled_at IS NULL;

CREATE TABLE item (
    app TEXT NOT NULL,
    address TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (app, address, incarnation)
) WITHOUT ROWID;

-- Append-only: a row per change of an item's content; a NULL body says it was gone from then on.
CREATE TABLE version (
    seq INTEGER PRIMARY KEY,
    app TEXT NOT NULL,
    address TEXT NOT NULL,
    incarnation INTEGER NOT NULL,
    at REAL NOT NULL,
    cause TEXT NOT NULL,
    body TEXT
);
CREATE INDEX version_address ON version (address, seq);
