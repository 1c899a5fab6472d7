-- Production orders and documents.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- What is to be made. (everywhere)
create table production_orders (
    id integer primary key,
    number text not null unique,
    product integer not null,
    lot text not null, -- what a task makes that names none of its own
    quantity integer not null, -- units
    revision integer not null, -- of the product's packaging plan
    state text not null, -- draft, released, void
    version integer not null, -- counted up by each change, so that nobody overwrites another's
    created_at integer not null
) strict;

-- Parts of an order, released to a line or to PDAs. (everywhere)
create table tasks (
    id integer primary key,
    production_order integer not null,
    site integer not null,
    kind text not null, -- line, device
    device integer, -- the only one that works on it; null = any of its kind at the site
    quantity integer not null, -- units
    lot text not null,
    date text, -- production date, YYYY-MM-DD
    shift text,
    revision integer not null, -- of the product's packaging plan
    made integer not null, -- units: the sum of its task_output
    ended text -- closed, void; null while it goes on
) strict;
create index tasks_by_order on tasks (production_order);

-- What tasks are to make: a lot that one names is not deleted. (production_order)
create view task_lots as
    select o.product, t.lot from tasks t join production_orders o on o.id = t.production_order;

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

-- What is to arrive, leave, come back, move or be counted. (everywhere)
create table documents (
    id integer primary key,
    number text not null unique, -- an ERP's own
    kind text not null, -- inbound, outbound, return, transfer, count
    site integer not null, -- our site that works on it
    other integer, -- the other site: transfer to, inbound from
    dealer integer, -- outbound to, return from
    production_order integer, -- inbound: the order whose goods it brings
    note text not null,
    state text not null, -- draft, submitted, approved, in_work, done, closed (done although short), void
    version integer not null, -- counted up by each change, so that nobody overwrites another's
    created_at integer not null
) strict;
create index documents_by_state on documents (state);

-- What is asked for, as on paper. (everywhere)
create table document_lines (
    document integer not null,
    position integer not null, -- from 1
    product integer not null,
    unit text not null, -- unit, box, case, pallet
    quantity integer not null, -- of that unit
    revision integer not null, -- of the product's packaging plan, by which it was converted
    units integer not null, -- that many single units in all
    mixed integer not null, -- 1 = its packages mix other products
    primary key (document, position)
) strict;

-- The same in units per product; packages that mix count by what is in them. (everywhere)
create table document_demand (
    document integer not null,
    product integer not null,
    position integer not null, -- from 1
    units integer not null,
    primary key (document, product)
) strict;

-- What has moved under a document, by the device that moved it: the sum of the ledger's moves. (everywhere)
create table document_moves (
    document integer not null,
    product integer not null,
    lot text not null,
    device integer not null,
    units integer not null,
    primary key (document, product, lot, device)
) strict;

-- How a document is shared out among devices that may not reach each other. (everywhere)
create table document_shares (
    document integer not null,
    device integer not null,
    product integer not null,
    units integer not null,
    primary key (document, device, product)
) strict;

-- Who did what with a document. (everywhere)
create table document_history (
    document integer not null,
    nth integer not null, -- from 1
    at integer not null,
    account integer not null,
    action text not null, -- create, edit, submit, approve, reject, withdraw, void, close, share, reassign
    primary key (document, nth)
) strict;

-- 改派: goods shipped under a document that is done are to go under another; a second person decides. (everywhere)
create table reassignments (
    id integer primary key,
    document integer not null, -- where they were shipped
    target integer not null, -- where they are to go
    codes text not null, -- JSON list
    reason text not null,
    state text not null, -- requested, approved, rejected
    requested_at integer not null,
    requested_by integer not null, -- account
    decided_at integer,
    decided_by integer, -- account, another one
    epoch integer, -- when approved: the office's operation
    seq integer
) strict;
create index reassignments_by_document on reassignments (document);
