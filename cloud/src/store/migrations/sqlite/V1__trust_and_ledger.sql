-- Devices and their streams, codes, the ledger.
-- Times are epoch milliseconds. The column each table would be spread by is named beside it.

-- Ids, one row per kind of thing. (kind)
create table counters (
    kind text primary key,
    newest integer not null
) strict;

-- Everything secret: authority, receipt key, keys that make codes. (purpose)
create table keys (
    purpose text primary key,        -- 'authority', 'receipt', 'mint/<version>'
    secret blob not null,
    public blob,                     -- what goes with it: a certificate, a public key
    created_at integer not null
) strict;

-- One enrolled PDA or line gateway. (id)
create table devices (
    id integer primary key,
    name text not null,
    signing_key blob not null,       -- Ed25519, public, 32 bytes
    enrolled_at integer not null,
    last_seen_at integer,
    software text,                   -- as its newest batch says
    revoked_at integer
) strict;

-- Where a device may work. (device)
create table device_sites (
    device integer not null,
    site integer not null,
    primary key (device, site)
) strict, without rowid;

-- TLS certificates handed out to devices. (hash)
create table certificates (
    hash blob primary key,           -- SHA-256 of the DER bytes
    device integer not null,
    der blob not null,
    expires_at integer not null
) strict, without rowid;

create index certificates_by_device on certificates (device);

-- Single-use enrolment tokens; only their hash is kept. (hash)
create table tokens (
    hash blob primary key,           -- SHA-256 of the token's text
    name text not null,              -- the name the device will have
    sites text not null,             -- JSON list of site ids
    created_at integer not null,
    expires_at integer not null,
    used_at integer,
    device integer                   -- who used it
) strict, without rowid;

-- One generation of a device's stream. (device)
create table streams (
    device integer not null,
    epoch integer not null,
    boot blob not null,              -- the agent's start this epoch was granted to; empty for the first
    granted_at integer not null,
    batch integer not null,          -- newest batch in the chain; 0 = none
    hash blob not null,              -- its hash
    seq integer not null,            -- its last operation
    judged_batch integer not null,   -- newest batch whose operations have verdicts
    closed_at integer,               -- a newer epoch was granted
    frozen_at integer,               -- a fork was found: nothing is judged any more
    primary key (device, epoch)
) strict, without rowid;

-- Sealed batches exactly as received. (device)
create table batches (
    device integer not null,
    epoch integer not null,
    batch integer not null,
    hash blob not null,
    previous blob not null,
    first_seq integer not null,
    last_seq integer not null,
    parked integer not null,         -- 1 = batches before it are missing, so it has no receipt yet
    sealed blob not null,            -- the bytes as they came
    received_at integer not null,
    receipt blob,                    -- sealed receipt; null while parked
    primary key (device, epoch, batch)
) strict;

-- The second batch of a fork: same place, validly signed, different content. (device)
create table forks (
    device integer not null,
    epoch integer not null,
    batch integer not null,
    hash blob not null,
    sealed blob not null,
    received_at integer not null,
    primary key (device, epoch, batch, hash)
) strict;

-- One row per judged operation, where it travelled; there is exactly one verdict each. (device)
create table operations (
    device integer not null,
    epoch integer not null,
    seq integer not null,
    batch integer not null,
    kind text not null,
    at integer not null,             -- when, by the device's clock
    uncertainty_ms integer not null,
    operator integer,
    site integer not null,
    judged_at integer not null,
    outcome integer not null,        -- 0 applied, 1 duplicate, 2 quarantined, 3 frozen
    verdict text,                    -- the verdict as JSON; null for applied without notices
    touched blob,                    -- item keys and the versions made, compact; null when nothing was touched
    primary key (device, epoch, seq)
) strict, without rowid;

create index operations_by_outcome on operations (outcome, judged_at) where outcome >= 2;

-- What each operation moved under documents; a correction takes it back. (device)
create table operation_moves (
    device integer not null,
    epoch integer not null,
    seq integer not null,
    document integer not null,
    product integer not null,
    lot text not null,
    units integer not null,          -- negative = they went off it
    primary key (device, epoch, seq, document, product, lot)
) strict, without rowid;

-- Operations that travelled again in a later epoch: their identity and where they travelled. (device)
create table reemitted (
    device integer not null,
    epoch integer not null,
    seq integer not null,
    at_epoch integer not null,
    at_seq integer not null,
    primary key (device, epoch, seq)
) strict, without rowid;

-- (product, lot) pairs under short names, so that a unit's row stays narrow. (everywhere)
create table lots (
    id integer primary key,
    product integer not null,
    lot text not null,
    unique (product, lot)
) strict;

-- One row per item something has happened to. (key)
create table items (
    key integer primary key,         -- code order << 32 | index
    level integer not null,          -- 0 unit, 1 box, 2 case, 3 pallet
    state integer not null,          -- 0 free, 1 announced, 2 active, 3 replaced
    version integer not null,
    parent integer,                  -- key of the package it is in
    custody integer,                 -- null in a package or with nobody; 0 at a site, 1 on its way to another, 2 shipped,
                                     -- 3 lost, 4 sampled, 5 destroyed
    site integer,                    -- custody: where it is or was last
    recipient integer,               -- custody: the site it is on its way to, the dealer it was shipped to …
    document integer,                -- … and under which document
    lot integer,                     -- contents when they are one (product, lot): lots.id …
    units integer,                   -- … and how many
    mixed blob,                      -- contents otherwise
    children integer not null,       -- how many items are directly inside
    disputed integer not null,
    replaced_by integer,             -- when replaced: the key that took its place …
    replaced_from integer,           -- … and when, earliest …
    replaced_to integer,             -- … and latest
    announced_under integer          -- when announced: the document it came in under
) strict;

create index items_by_parent on items (parent) where parent is not null;
create index items_by_document on items (document) where document is not null;
create index items_by_announcement on items (announced_under) where announced_under is not null;
-- Outermost packages at a site: a row for each pallet or loose case there, none for bottles, for what is inside others
-- and for what has left, so that it stays a small part of the table.
create index items_at_site on items (site, key) where parent is null and custody = 0 and level > 0;

-- Every version of every item. (key)
create table history (
    key integer not null,
    version integer not null,
    device integer not null,
    epoch integer not null,
    seq integer not null,            -- the operation that made this version
    item blob not null,              -- the item as it was from then on
    primary key (key, version)
) strict, without rowid;

-- Codes issued together: the upper 22 bits of an item key. (id)
create table code_orders (
    id integer primary key,
    production_order integer,        -- null = made for no order …
    product integer,                 -- … and of no product: carriers, labels of reusable pallets …
    device integer,                  -- … or leased to this device to print …
    device_epoch integer,            -- … in this epoch of its stream
    level integer not null,
    count integer not null,
    key_version integer,             -- minted codes: the key they are made with
    first_body integer,              -- SSCCs: the first of the range, 17 digits
    created_at integer not null
) strict;

create index code_orders_by_order on code_orders (production_order, level);

create index code_orders_by_device on code_orders (device, level) where device is not null;

-- 标签核销: what became of the labels of each code order; what is left is unaccounted. (code_order)
create table label_counts (
    code_order integer primary key,
    applied integer not null,       -- on goods, or once on goods whose label was replaced
    scrapped integer not null,
    sampled integer not null,
    returned integer not null,
    void integer not null
) strict;

-- Labels of a code order that came onto goods under a production order, whichever they were issued for. (code_order)
create table label_use (
    code_order integer not null,
    production_order integer not null,
    applied integer not null,
    primary key (code_order, production_order)
) strict, without rowid;

create index label_use_by_order on label_use (production_order);

-- Strips of labels that are on no goods, and what became of them: places of a code order, both ends included. (code_order)
create table label_strips (
    code_order integer not null,
    first integer not null,
    last integer not null,
    fate text not null,              -- scrapped, returned, void
    device integer not null,        -- the operation that says so …
    epoch integer not null,
    seq integer not null,
    at integer not null,            -- … and when, by its clock
    primary key (code_order, first, device, epoch, seq)
) strict, without rowid;

create index label_strips_by_operation on label_strips (device, epoch, seq);

-- Labels that a consumer scanned before anybody had registered them. (item)
create table unregistered_scans (
    item integer primary key,       -- item key
    scans integer not null,
    first_at integer not null,
    last_at integer not null
) strict;
