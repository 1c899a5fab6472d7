-- The back office: accounts, master data, orders, documents, sightings.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- Who may log in to the pages. (everywhere)
create table accounts (
    id bigint primary key,
    login text not null unique,
    name text not null,
    role text not null, -- admin, auditor, inspector
    password text not null, -- argon2id, PHC string
    created_at bigint not null
);

-- Logins of the console and the inspector page. (id)
create table sessions (
    id text primary key, -- SHA-256 of the cookie's value, so that a copy of this table opens no session
    data text not null, -- JSON
    expires_at bigint not null
);
create index sessions_by_expiry on sessions (expires_at);

-- What is made. (everywhere)
create table products (
    id bigint primary key,
    name text not null,
    gtin text not null unique, -- 14 digits
    plan text not null, -- JSON, steps inner to outer
    created_at bigint not null
);

-- Where devices work. (everywhere)
create table sites (
    id bigint primary key,
    name text not null unique,
    kind text not null, -- factory, line, warehouse
    created_at bigint not null
);

-- To whom goods are shipped. (everywhere)
create table dealers (
    id bigint primary key,
    name text not null unique,
    created_at bigint not null
);

-- Where a dealer may sell a product, and when. (everywhere)
create table territories (
    dealer bigint not null,
    product bigint not null,
    region bigint not null, -- adcode of a prefecture
    valid_from bigint not null, -- first instant, included
    valid_to bigint not null, -- first instant it no longer holds
    primary key (dealer, product, region, valid_from)
);

-- Who may log in on devices. (everywhere)
create table operators (
    id bigint primary key,
    login text not null unique,
    name text not null,
    role text not null, -- operator, supervisor
    pin_verifier text not null, -- argon2id, PHC string; travels to devices
    created_at bigint not null
);

-- Where. (everywhere)
create table operator_sites (
    operator bigint not null,
    site bigint not null,
    primary key (operator, site)
);

-- What is to be made. (everywhere)
create table production_orders (
    id bigint primary key,
    number text not null unique,
    product bigint not null,
    lot text not null,
    quantity bigint not null, -- units
    plan text not null, -- JSON, the product's when the order was created
    state text not null, -- draft, released, void
    created_at bigint not null
);

-- Parts of an order, released to a line or to PDAs. (everywhere)
create table tasks (
    id bigint primary key,
    production_order bigint not null,
    site bigint not null,
    kind text not null, -- line, device
    quantity bigint not null, -- units
    state text not null -- open, void
);
create index tasks_by_order on tasks (production_order);

-- Consecutive SSCCs a task may print. (everywhere)
create table task_leases (
    task bigint not null,
    level bigint not null,
    first_body bigint not null, -- 17 digits, without check digit
    count bigint not null,
    primary key (task, first_body)
);

-- How many units each operation made under its task; a correction takes them back. (device)
create table task_output (
    task bigint not null,
    device bigint not null,
    epoch bigint not null,
    seq bigint not null,
    units bigint not null,
    primary key (device, epoch, seq)
);
create index task_output_by_task on task_output (task, units);

-- What is to be shipped. (everywhere)
create table documents (
    id bigint primary key,
    number text not null unique,
    kind text not null, -- outbound
    site bigint not null, -- goods leave here
    dealer bigint not null,
    state text not null, -- approved, in_work, done, void
    created_at bigint not null
);

-- How much of which product. (everywhere)
create table document_lines (
    document bigint not null,
    product bigint not null,
    position bigint not null, -- as on paper, from 1
    units bigint not null,
    primary key (document, product)
);

-- What has moved under a document: the sum of the ledger's moves. (everywhere)
create table document_moves (
    document bigint not null,
    product bigint not null,
    lot text not null,
    units bigint not null,
    primary key (document, product, lot)
);

-- One row each time somebody saw a code of ours. (item)
create table sightings (
    item bigint not null,           -- item key
    nth bigint not null,            -- among the sightings of this item, from 1
    at bigint not null,
    kind text not null,              -- consumer, inspector
    region bigint,                  -- adcode of a prefecture
    accuracy_m bigint,
    finding text,                    -- inspector's: conformant, diverted, suspicious, counterfeit
    note text,
    account bigint,                 -- the inspector
    root bigint not null,           -- key of the outermost package when last judged: whatever moves the item touches it
    outside bigint not null,        -- 1 = seen outside the territory it was shipped to
    document bigint,                -- the shipment in force when it was seen; null = none …
    dealer bigint,                  -- … to whom …
    product bigint,                 -- … of what …
    lot text,
    shipped_at bigint,              -- … and when, by the device's clock
    primary key (item, nth)
);

create index sightings_by_root on sightings (root);

create index sightings_outside on sightings (at) where outside = 1;

-- Counters of the rows above, so that a scan finds its number in one row. (item)
create table seen_items (
    item bigint primary key,        -- item key
    sightings bigint not null,      -- of every kind
    scans bigint not null,          -- by consumers
    first_at bigint,                -- the first consumer's scan
    first_region bigint
);
