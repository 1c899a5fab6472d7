-- Accounts, settings and master data.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.
-- What the console keeps lists of has `enabled` (0 = not for anything new) and `version` (counted up by each change, so
-- that nobody overwrites another's); see resource/mod.rs.

-- Who may log in to the pages. (everywhere)
create table accounts (
    id bigint primary key,
    login text not null unique,
    name text not null,
    role text not null, -- admin, manager, auditor, inspector
    password text not null, -- argon2id, PHC string
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null
);

-- Logins of the console and the inspector page. (id)
create table sessions (
    id text primary key, -- SHA-256 of the cookie's value, so that a copy of this table opens no session
    account bigint, -- who is signed in; null before the login
    data text not null, -- JSON
    expires_at bigint not null
);
create index sessions_by_expiry on sessions (expires_at);
create index sessions_by_account on sessions (account);

-- What the owner has settled on; one row, or none while nothing was changed. (everywhere)
create table settings (
    id bigint primary key, -- 1
    pending_may_ship bigint not null, -- 1 = goods of a pending lot may leave
    void_after_days bigint not null -- unaccounted labels may be declared void so long after they were issued
);

-- Who changed what at the console; never changed, never deleted. (everywhere)
create table audit (
    id bigint primary key, -- in the order of what happened
    at bigint not null,
    account bigint, -- null = the command line
    resource text not null, -- 'products' …
    subject bigint not null, -- the id of what was changed
    label text not null, -- its name at the time
    action text not null, -- create, edit, enable, disable, delete
    before text, -- JSON without secrets; null when it was made
    after text -- JSON without secrets; null when it was deleted
);
create index audit_by_subject on audit (resource, subject);
create index audit_by_account on audit (account);

-- 品牌. (everywhere)
create table brands (
    id bigint primary key,
    name text not null unique,
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null
);

-- 分类, a tree. (everywhere)
create table categories (
    id bigint primary key,
    name text not null,
    parent bigint,
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null
);
create unique index categories_by_name on categories (coalesce(parent, 0), name);

-- What is made. (everywhere)
create table products (
    id bigint primary key,
    name text not null,
    gtin text not null unique, -- 14 digits
    brand bigint,
    category bigint,
    restricted bigint not null, -- 1 = only product_sites and product_dealers may have it
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null
);

-- How a product is packed: never changed, the newest revision is the one in force. (everywhere)
create table product_plans (
    product bigint not null,
    revision bigint not null, -- from 1
    plan text not null, -- JSON, steps inner to outer
    created_at bigint not null,
    primary key (product, revision)
);

-- Which products a revision of a plan mixes (礼盒). (everywhere)
create table plan_parts (
    product bigint not null,
    revision bigint not null,
    part bigint not null, -- a product
    primary key (product, revision, part)
);
create index plan_parts_by_part on plan_parts (part);

-- The sites that may make and stock a restricted product. (everywhere)
create table product_sites (
    product bigint not null,
    site bigint not null,
    primary key (product, site)
);

-- The dealers a restricted product may go to. (everywhere)
create table product_dealers (
    product bigint not null,
    dealer bigint not null,
    primary key (product, dealer)
);

-- What quality control says of a lot; one that is not here is pending and anybody's. The ledger's table `lots` gives
-- short names to the same pairs. (everywhere)
create table product_lots (
    id bigint primary key,
    product bigint not null,
    lot text not null,
    status text not null, -- pending, released, blocked
    dealer bigint, -- the only one it was made for (专供); null = anybody's
    produced_on text, -- YYYY-MM-DD
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null,
    unique (product, lot)
);

-- Where devices work; a line may be part of a factory. (everywhere)
create table sites (
    id bigint primary key,
    name text not null unique,
    kind text not null, -- factory, line, warehouse
    parent bigint,
    implied_receipt bigint not null, -- 1 = goods never received here may leave from here
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null
);

-- To whom goods are shipped, a tree. (everywhere)
create table dealers (
    id bigint primary key,
    name text not null unique,
    parent bigint,
    enabled bigint not null,
    version bigint not null,
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
create index territories_by_region on territories (product, region);

-- Where consumers buy. (everywhere)
create table stores (
    id bigint primary key,
    name text not null unique,
    dealer bigint,
    region bigint, -- adcode of a prefecture
    address text not null,
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null
);

-- Who may log in on devices. (everywhere)
create table operators (
    id bigint primary key,
    login text not null unique,
    name text not null,
    role text not null, -- operator, supervisor, manager, auditor
    pin text not null, -- argon2id, PHC string; travels to devices
    enabled bigint not null,
    version bigint not null,
    created_at bigint not null
);

-- Where they may work now, when they are enabled. (everywhere)
create table operator_sites (
    operator bigint not null,
    site bigint not null,
    primary key (operator, site)
);

-- Where they might work and as what, from when until when: work done before a change counts after it. (everywhere)
create table operator_terms (
    operator bigint not null,
    site bigint not null,
    since bigint not null, -- included
    until bigint, -- no longer included; null = still
    role text not null,
    primary key (operator, site, since)
);
