-- Production orders and documents.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

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
