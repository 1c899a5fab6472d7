-- What consumers and inspectors saw, and what dealers brought back that was not sent to them.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- One row each time somebody saw a code of ours. (item)
create table sightings (
    item bigint not null,           -- item key
    nth bigint not null,            -- among the sightings of this item, from 1
    at bigint not null,
    kind text not null,              -- consumer, inspector, return
    region bigint,                  -- adcode of a prefecture
    accuracy_m bigint,
    finding text,                    -- inspector's: conformant, diverted, suspicious, counterfeit
    note text,
    account bigint,                 -- the inspector
    brought_by bigint,              -- a return's: the dealer that had it
    root bigint not null,           -- key of the outermost package when last judged: whatever moves the item touches it
    outside bigint not null,        -- 1 = seen outside the territory it was shipped to, or with another dealer
    document bigint,                -- the shipment in force when it was seen; null = none …
    dealer bigint,                  -- … to whom …
    product bigint,                 -- … of what …
    lot text,
    shipped_at bigint,              -- … and when, by the device's clock
    primary key (item, nth)
);

create index sightings_by_root on sightings (root);

create index sightings_outside on sightings (at) where outside = 1;

-- Counters of the rows above, so that a scan finds its number in one row. (item)
create table seen_items (
    item bigint primary key,        -- item key
    sightings bigint not null,      -- of every kind
    scans bigint not null,          -- by consumers
    first_at bigint,                -- the first consumer's scan
    first_region bigint
);

-- Inspections that were sent with an id of the sender's own, so that one sent again is recorded once: what each was
-- recorded as. (account)
create table inspections (
    account bigint not null, -- the inspector
    id text not null, -- the sender's
    item bigint not null, -- sightings.item …
    nth bigint not null, -- … and sightings.nth
    primary key (account, id)
);
