-- Inspections that were sent with an id of the sender's own, so that one sent again is recorded once.
-- The column the table would be spread by is named above it.

-- What each was recorded as. (account)
create table inspections (
    account bigint not null, -- the inspector
    id text not null, -- the sender's
    item bigint not null, -- sightings.item …
    nth bigint not null, -- … and sightings.nth
    primary key (account, id)
);
