-- Production orders and documents.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- What is to be made. (everywhere)
create table production_orders (
    id bigint primary key,
    number text not null unique,
    product bigint not null,
    lot text not null, -- what a task makes that names none of its own
    quantity bigint not null, -- units
    revision bigint not null, -- of the product's packaging plan
    state text not null, -- draft, released, void
    version bigint not null, -- counted up by each change, so that nobody overwrites another's
    created_at bigint not null
);

-- Parts of an order, released to a line or to PDAs. (everywhere)
create table tasks (
    id bigint primary key,
    production_order bigint not null,
    site bigint not null,
    kind text not null, -- line, device
    device bigint, -- the only one that works on it; null = any of its kind at the site
    quantity bigint not null, -- units
    lot text not null,
    date text, -- production date, YYYY-MM-DD
    shift text,
    revision bigint not null, -- of the product's packaging plan
    made bigint not null, -- units: the sum of its task_output
    ended text -- closed, void; null while it goes on
);
create index tasks_by_order on tasks (production_order);

-- What tasks are to make: a lot that one names is not deleted. (production_order)
create view task_lots as
    select o.product, t.lot from tasks t join production_orders o on o.id = t.production_order;

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

-- What is to arrive, leave, come back, move or be counted. (everywhere)
create table documents (
    id bigint primary key,
    number text not null unique, -- an ERP's own
    kind text not null, -- inbound, outbound, return, transfer, count
    site bigint not null, -- our site that works on it
    other bigint, -- the other site: transfer to, inbound from
    dealer bigint, -- outbound to, return from
    production_order bigint, -- inbound: the order whose goods it brings
    note text not null,
    state text not null, -- draft, submitted, approved, in_work, done, closed (done although short), void
    version bigint not null, -- counted up by each change, so that nobody overwrites another's
    created_at bigint not null
);
create index documents_by_state on documents (state);

-- What is asked for, as on paper. (everywhere)
create table document_lines (
    document bigint not null,
    position bigint not null, -- from 1
    product bigint not null,
    unit text not null, -- unit, box, case, pallet
    quantity bigint not null, -- of that unit
    revision bigint not null, -- of the product's packaging plan, by which it was converted
    units bigint not null, -- that many single units in all
    mixed bigint not null, -- 1 = its packages mix other products
    primary key (document, position)
);

-- The same in units per product; packages that mix count by what is in them. (everywhere)
create table document_demand (
    document bigint not null,
    product bigint not null,
    position bigint not null, -- from 1
    units bigint not null,
    primary key (document, product)
);

-- What has moved under a document, by the device that moved it: the sum of the ledger's moves. (everywhere)
create table document_moves (
    document bigint not null,
    product bigint not null,
    lot text not null,
    device bigint not null,
    units bigint not null,
    primary key (document, product, lot, device)
);

-- How a document is shared out among devices that may not reach each other. (everywhere)
create table document_shares (
    document bigint not null,
    device bigint not null,
    product bigint not null,
    units bigint not null,
    primary key (document, device, product)
);

-- Who did what with a document. (everywhere)
create table document_history (
    document bigint not null,
    nth bigint not null, -- from 1
    at bigint not null,
    account bigint not null,
    action text not null, -- create, edit, submit, approve, reject, withdraw, void, close, share, reassign
    primary key (document, nth)
);

-- 改派: goods shipped under a document that is done are to go under another; a second person decides. (everywhere)
create table reassignments (
    id bigint primary key,
    document bigint not null, -- where they were shipped
    target bigint not null, -- where they are to go
    codes text not null, -- JSON list
    reason text not null,
    state text not null, -- requested, approved, rejected
    requested_at bigint not null,
    requested_by bigint not null, -- account
    decided_at bigint,
    decided_by bigint, -- account, another one
    epoch bigint, -- when approved: the office's operation
    seq bigint
);
create index reassignments_by_document on reassignments (document);
