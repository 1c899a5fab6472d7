-- Devices and their streams, codes, the ledger.
-- Times are epoch milliseconds. The column each table would be spread by is named beside it.

-- Ids, one row per kind of thing. (kind)
create table counters (
    kind text primary key,
    newest bigint not null
);

-- Everything secret: authority, receipt key, keys that make codes. (purpose)
create table keys (
    purpose text primary key,        -- 'authority', 'receipt', 'mint/<version>'
    secret bytea not null,
    public bytea,                     -- what goes with it: a certificate, a public key
    created_at bigint not null
);

-- One enrolled PDA or line gateway. (id)
create table devices (
    id bigint primary key,
    name text not null,
    signing_key bytea not null,       -- Ed25519, public, 32 bytes
    enrolled_at bigint not null,
    last_seen_at bigint,
    software text,                   -- as its newest batch says
    revoked_at bigint
);

-- Where a device may work. (device)
create table device_sites (
    device bigint not null,
    site bigint not null,
    primary key (device, site)
);

-- TLS certificates handed out to devices. (hash)
create table certificates (
    hash bytea primary key,           -- SHA-256 of the DER bytes
    device bigint not null,
    der bytea not null,
    expires_at bigint not null
);

create index certificates_by_device on certificates (device);

-- Single-use enrolment tokens; only their hash is kept. (hash)
create table tokens (
    hash bytea primary key,           -- SHA-256 of the token's text
    name text not null,              -- the name the device will have
    sites text not null,             -- JSON list of site ids
    created_at bigint not null,
    expires_at bigint not null,
    used_at bigint,
    device bigint                   -- who used it
);

-- One generation of a device's stream. (device)
create table streams (
    device bigint not null,
    epoch bigint not null,
    boot bytea not null,              -- the agent's start this epoch was granted to; empty for the first
    granted_at bigint not null,
    batch bigint not null,          -- newest batch in the chain; 0 = none
    hash bytea not null,              -- its hash
    seq bigint not null,            -- its last operation
    judged_batch bigint not null,   -- newest batch whose operations have verdicts
    closed_at bigint,               -- a newer epoch was granted
    frozen_at bigint,               -- a fork was found: nothing is judged any more
    primary key (device, epoch)
);

-- Sealed batches exactly as received. (device)
create table batches (
    device bigint not null,
    epoch bigint not null,
    batch bigint not null,
    hash bytea not null,
    previous bytea not null,
    first_seq bigint not null,
    last_seq bigint not null,
    parked integer not null,         -- 1 = batches before it are missing, so it has no receipt yet
    sealed bytea not null,            -- the bytes as they came
    received_at bigint not null,
    receipt bytea,                    -- sealed receipt; null while parked
    primary key (device, epoch, batch)
);

-- The second batch of a fork: same place, validly signed, different content. (device)
create table forks (
    device bigint not null,
    epoch bigint not null,
    batch bigint not null,
    hash bytea not null,
    sealed bytea not null,
    received_at bigint not null,
    primary key (device, epoch, batch, hash)
);

-- One row per judged operation, where it travelled; there is exactly one verdict each. (device)
create table operations (
    device bigint not null,
    epoch bigint not null,
    seq bigint not null,
    batch bigint not null,
    kind text not null,
    at bigint not null,             -- when, by the device's clock
    uncertainty_ms bigint not null,
    operator bigint,
    site bigint not null,
    judged_at bigint not null,
    outcome integer not null,        -- 0 applied, 1 duplicate, 2 quarantined, 3 frozen
    verdict text,                    -- the verdict as JSON; null for applied without notices
    touched bytea,                    -- item keys and the versions made, compact; null when nothing was touched
    primary key (device, epoch, seq)
);

create index operations_by_outcome on operations (outcome, judged_at) where outcome >= 2;

-- What each operation moved under documents; a correction takes it back. (device)
create table operation_moves (
    device bigint not null,
    epoch bigint not null,
    seq bigint not null,
    document bigint not null,
    product bigint not null,
    lot text not null,
    units bigint not null,          -- negative = they went off it
    primary key (device, epoch, seq, document, product, lot)
);

-- Operations that travelled again in a later epoch: their identity and where they travelled. (device)
create table reemitted (
    device bigint not null,
    epoch bigint not null,
    seq bigint not null,
    at_epoch bigint not null,
    at_seq bigint not null,
    primary key (device, epoch, seq)
);

-- (product, lot) pairs under short names, so that a unit's row stays narrow. (everywhere)
create table lots (
    id bigint primary key,
    product bigint not null,
    lot text not null,
    unique (product, lot)
);

-- One row per item something has happened to. (key)
create table items (
    key bigint primary key,         -- code order << 32 | index
    level integer not null,          -- 0 unit, 1 box, 2 case, 3 pallet
    state integer not null,          -- 0 free, 1 announced, 2 active, 3 replaced
    version integer not null,
    parent bigint,                  -- key of the package it is in
    custody integer,                 -- null in a package or with nobody; 0 at a site, 1 on its way to another, 2 shipped,
                                     -- 3 lost, 4 sampled, 5 destroyed
    site bigint,                    -- custody: where it is or was last
    recipient bigint,               -- custody: the site it is on its way to, the dealer it was shipped to …
    document bigint,                -- … and under which document
    lot bigint,                     -- contents when they are one (product, lot): lots.id …
    units integer,                   -- … and how many
    mixed bytea,                      -- contents otherwise
    children integer not null,       -- how many items are directly inside
    disputed integer not null,
    replaced_by bigint,             -- when replaced: the key that took its place …
    replaced_from bigint,           -- … and when, earliest …
    replaced_to bigint,             -- … and latest
    announced_under bigint          -- when announced: the document it came in under
);

create index items_by_parent on items (parent) where parent is not null;
create index items_by_document on items (document) where document is not null;
create index items_by_announcement on items (announced_under) where announced_under is not null;
-- Outermost packages at a site: a row for each pallet or loose case there, none for bottles, for what is inside others
-- and for what has left, so that it stays a small part of the table.
create index items_at_site on items (site, key) where parent is null and custody = 0 and level > 0;

-- Every version of every item. (key)
create table history (
    key bigint not null,
    version integer not null,
    device bigint not null,
    epoch bigint not null,
    seq bigint not null,            -- the operation that made this version
    item bytea not null,              -- the item as it was from then on
    primary key (key, version)
);

-- Codes issued together: the upper 22 bits of an item key. (id)
create table code_orders (
    id bigint primary key,
    production_order bigint,        -- null = made for no order …
    product bigint,                 -- … and of no product: carriers, labels of reusable pallets …
    device bigint,                  -- … or leased to this device to print …
    device_epoch bigint,            -- … in this epoch of its stream
    level integer not null,
    count bigint not null,
    key_version integer,             -- minted codes: the key they are made with
    first_body bigint,              -- SSCCs: the first of the range, 17 digits
    created_at bigint not null
);

create index code_orders_by_order on code_orders (production_order, level);

create index code_orders_by_device on code_orders (device, level) where device is not null;

-- 标签核销: what became of the labels of each code order; what is left is unaccounted. (code_order)
create table label_counts (
    code_order bigint primary key,
    applied bigint not null,       -- on goods, or once on goods whose label was replaced
    scrapped bigint not null,
    sampled bigint not null,
    returned bigint not null,
    void bigint not null
);

-- Labels of a code order that came onto goods under a production order, whichever they were issued for. (code_order)
create table label_use (
    code_order bigint not null,
    production_order bigint not null,
    applied bigint not null,
    primary key (code_order, production_order)
);

create index label_use_by_order on label_use (production_order);

-- Strips of labels that are on no goods, and what became of them: places of a code order, both ends included. (code_order)
create table label_strips (
    code_order bigint not null,
    first bigint not null,
    last bigint not null,
    fate text not null,              -- scrapped, returned, void
    device bigint not null,        -- the operation that says so …
    epoch bigint not null,
    seq bigint not null,
    at bigint not null,            -- … and when, by its clock
    primary key (code_order, first, device, epoch, seq)
);

create index label_strips_by_operation on label_strips (device, epoch, seq);

-- Labels that a consumer scanned before anybody had registered them. (item)
create table unregistered_scans (
    item bigint primary key,       -- item key
    scans bigint not null,
    first_at bigint not null,
    last_at bigint not null
);
