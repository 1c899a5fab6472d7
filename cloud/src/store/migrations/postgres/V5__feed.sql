-- What devices are told.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- The newest position in each site's feed; its row lock puts writers in commit order. (site)
create table feed_cursors (
    site bigint primary key,
    cursor bigint not null
);

-- What a site's devices must know; a later row about the same thing takes the earlier one's place. (site)
create table feed (
    site bigint not null,
    subject text not null,           -- what it is about, 'package/(00)…'
    cursor bigint not null,
    entry text not null,             -- the row as JSON
    primary key (site, subject)
);

create unique index feed_by_cursor on feed (site, cursor);
