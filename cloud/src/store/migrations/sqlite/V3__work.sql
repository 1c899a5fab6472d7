-- Production orders and documents.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

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
