-- What devices are told.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- The newest position in each site's feed, for both its streams; its row lock puts writers in commit order. (site)
create table feed_cursors (
    site integer primary key,
    cursor integer not null
) strict;

-- What a site's devices must know besides goods; a later row about the same thing takes the earlier one's place. (site)
create table feed_desk (
    site integer not null,
    subject text not null,           -- what it is about, 'task/17'
    cursor integer not null,
    entry text not null,             -- the row as JSON
    primary key (site, subject)
) strict, without rowid;

create unique index feed_desk_by_cursor on feed_desk (site, cursor);

-- Which items a site's devices must know; what is said of them is read from the ledger when it is asked for. (site)
create table feed_goods (
    site integer not null,
    key integer not null,            -- item key
    cursor integer not null,
    primary key (site, key)
) strict, without rowid;

create unique index feed_goods_by_cursor on feed_goods (site, cursor);

-- Packages closed below their plan on purpose, or that have lost something since: whoever holds them is told of the
-- units in them too, so that more can be put in. (key)
create table open_packages (
    key integer primary key          -- item key
) strict;

-- Documents whose goods are still to be told to the site they will arrive at; a row goes when that is done. (document)
create table feed_prefetches (
    document integer primary key,
    production_order integer,        -- the order whose goods it brings; null = what is at the site that sends …
    position blob not null           -- … told as far as this: item keys, outermost package first, compact
) strict;
