-- Accounts, settings and master data.
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
