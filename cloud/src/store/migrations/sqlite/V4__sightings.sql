-- What consumers and inspectors saw, and what dealers brought back that was not sent to them.
-- Times are epoch milliseconds. The column each table would be spread by is named above it.

-- One row each time somebody saw a code of ours. (item)
create table sightings (
    item integer not null,           -- item key
    nth integer not null,            -- among the sightings of this item, from 1
    at integer not null,
    kind text not null,              -- consumer, inspector, return
    region integer,                  -- adcode of a prefecture
    accuracy_m integer,
    finding text,                    -- inspector's: conformant, diverted, suspicious, counterfeit
    note text,
    account integer,                 -- the inspector
    brought_by integer,              -- a return's: the dealer that had it
    root integer not null,           -- key of the outermost package when last judged: whatever moves the item touches it
    outside integer not null,        -- 1 = seen outside the territory it was shipped to, or with another dealer
    document integer,                -- the shipment in force when it was seen; null = none …
    dealer integer,                  -- … to whom …
    product integer,                 -- … of what …
    lot text,
    shipped_at integer,              -- … and when, by the device's clock
    primary key (item, nth)
) strict;

create index sightings_by_root on sightings (root);

create index sightings_outside on sightings (at) where outside = 1;

-- Counters of the rows above, so that a scan finds its number in one row. (item)
create table seen_items (
    item integer primary key,        -- item key
    sightings integer not null,      -- of every kind
    scans integer not null,          -- by consumers
    first_at integer,                -- the first consumer's scan
    first_region integer
) strict;

-- Inspections that were sent with an id of the sender's own, so that one sent again is recorded once: what each was
-- recorded as. (account)
create table inspections (
    account integer not null, -- the inspector
    id text not null, -- the sender's
    item integer not null, -- sightings.item …
    nth integer not null, -- … and sightings.nth
    primary key (account, id)
) strict;
