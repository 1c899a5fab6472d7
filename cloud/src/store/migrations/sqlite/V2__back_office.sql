-- The back office: accounts, master data, orders, documents, sightings.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- Who may log in to the pages. (everywhere)
create table accounts (
    id integer primary key,
    login text not null unique,
    name text not null,
    role text not null, -- admin, auditor, inspector
    password text not null, -- argon2id, PHC string
    created_at integer not null
) strict;

-- Logins of the console and the inspector page. (id)
create table sessions (
    id text primary key, -- SHA-256 of the cookie's value, so that a copy of this table opens no session
    data text not null, -- JSON
    expires_at integer not null
) strict;
create index sessions_by_expiry on sessions (expires_at);

-- What is made. (everywhere)
create table products (
    id integer primary key,
    name text not null,
    gtin text not null unique, -- 14 digits
    plan text not null, -- JSON, steps inner to outer
    created_at integer not null
) strict;

-- Where devices work. (everywhere)
create table sites (
    id integer primary key,
    name text not null unique,
    kind text not null, -- factory, line, warehouse
    created_at integer not null
) strict;

-- To whom goods are shipped. (everywhere)
create table dealers (
    id integer primary key,
    name text not null unique,
    created_at integer not null
) strict;

-- Where a dealer may sell a product, and when. (everywhere)
create table territories (
    dealer integer not null,
    product integer not null,
    region integer not null, -- adcode of a prefecture
    valid_from integer not null, -- first instant, included
    valid_to integer not null, -- first instant it no longer holds
    primary key (dealer, product, region, valid_from)
) strict;

-- Who may log in on devices. (everywhere)
create table operators (
    id integer primary key,
    login text not null unique,
    name text not null,
    role text not null, -- operator, supervisor
    pin_verifier text not null, -- argon2id, PHC string; travels to devices
    created_at integer not null
) strict;

-- Where. (everywhere)
create table operator_sites (
    operator integer not null,
    site integer not null,
    primary key (operator, site)
) strict;

-- What is to be made. (everywhere)
create table production_orders (
    id integer primary key,
    number text not null unique,
    product integer not null,
    lot text not null,
    quantity integer not null, -- units
    plan text not null, -- JSON, the product's when the order was created
    state text not null, -- draft, released, void
    created_at integer not null
) strict;

-- Parts of an order, released to a line or to PDAs. (everywhere)
create table tasks (
    id integer primary key,
    production_order integer not null,
    site integer not null,
    kind text not null, -- line, device
    quantity integer not null, -- units
    state text not null -- open, void
) strict;
create index tasks_by_order on tasks (production_order);

-- Consecutive SSCCs a task may print. (everywhere)
create table task_leases (
    task integer not null,
    level integer not null,
    first_body integer not null, -- 17 digits, without check digit
    count integer not null,
    primary key (task, first_body)
) strict;

-- How many units each operation made under its task; a correction takes them back. (device)
create table task_output (
    task integer not null,
    device integer not null,
    epoch integer not null,
    seq integer not null,
    units integer not null,
    primary key (device, epoch, seq)
) strict;
create index task_output_by_task on task_output (task, units);

-- What is to be shipped. (everywhere)
create table documents (
    id integer primary key,
    number text not null unique,
    kind text not null, -- outbound
    site integer not null, -- goods leave here
    dealer integer not null,
    state text not null, -- approved, in_work, done, void
    created_at integer not null
) strict;

-- How much of which product. (everywhere)
create table document_lines (
    document integer not null,
    product integer not null,
    position integer not null, -- as on paper, from 1
    units integer not null,
    primary key (document, product)
) strict;

-- What has moved under a document: the sum of the ledger's moves. (everywhere)
create table document_moves (
    document integer not null,
    product integer not null,
    lot text not null,
    units integer not null,
    primary key (document, product, lot)
) strict;

-- One row each time somebody saw a code of ours. (item)
create table sightings (
    item integer not null,           -- item key
    nth integer not null,            -- among the sightings of this item, from 1
    at integer not null,
    kind text not null,              -- consumer, inspector
    region integer,                  -- adcode of a prefecture
    accuracy_m integer,
    finding text,                    -- inspector's: conformant, diverted, suspicious, counterfeit
    note text,
    account integer,                 -- the inspector
    root integer not null,           -- key of the outermost package when last judged: whatever moves the item touches it
    outside integer not null,        -- 1 = seen outside the territory it was shipped to
    document integer,                -- the shipment in force when it was seen; null = none …
    dealer integer,                  -- … to whom …
    product integer,                 -- … of what …
    lot text,
    shipped_at integer,              -- … and when, by the device's clock
    primary key (item, nth)
) strict;

create index sightings_by_root on sightings (root);

create index sightings_outside on sightings (at) where outside = 1;

-- Counters of the rows above, so that a scan finds its number in one row. (item)
create table seen_items (
    item integer primary key,        -- item key
    sightings integer not null,      -- of every kind
    scans integer not null,          -- by consumers
    first_at integer,                -- the first consumer's scan
    first_region integer
) strict;
