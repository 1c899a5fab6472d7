-- The agent's own memory. Codes are canonical text; times are epoch milliseconds; `body` columns hold the wire encoding.

-- Where this device's stream stands. One row, written by enrolment; a store without it has lost its stream.
create table stream (
  id integer primary key check (id = 1),
  device integer not null,
  epoch integer not null,
  seq integer not null,              -- last place given out in this epoch
  batch integer not null,            -- newest sealed batch of this epoch, 0 = none
  batch_hash blob not null,          -- its hash, zeros = none
  batch_seq integer not null,        -- last place inside it
  receipt_hash blob not null,        -- newest verified receipt, zeros = none
  receipt_at integer,                -- when it came, by our clock
  verdict_epoch integer not null,    -- verdicts are known up to this place
  verdict_seq integer not null,
  frozen integer not null default 0, -- 1 = the cloud saw a fork; nothing is sent until a person resolved it
  lost integer not null default 0    -- 1 = this is an old copy; nothing is confirmed until the cloud granted a new epoch
) strict;

-- Every scan that was answered, in order. A draft is a row with accepted = 1 that is neither in an operation nor undone.
create table journal (
  id integer primary key,
  source text not null,              -- the station or lane it belongs to
  role text not null,                -- what it was to that station: child, parent, old, new …
  code text,                         -- what it was read as; null when it could not be read
  text text not null,                -- what was scanned, exactly
  at integer not null,
  uncertainty_ms integer not null,
  operator integer,                  -- null = a line by itself
  site integer not null,
  task integer,
  document integer,
  accepted integer not null check (accepted in (0, 1)),  -- 1 = it was shown green
  operation_epoch integer,           -- the operation it became part of
  operation_seq integer,
  undone_at integer,                 -- taken back on purpose
  undone_why text                    -- undo, set_aside …
) strict;
create index journal_draft on journal (source, id)
  where accepted = 1 and operation_seq is null and undone_at is null;
create index journal_operation on journal (operation_epoch, operation_seq) where operation_seq is not null;
create index journal_spent on journal (at)
  where operation_seq is null and (accepted = 0 or undone_at is not null);

-- Units and packages as this device sees them: what the cloud said, with our own unjudged operations on top.
create table item (
  code text primary key,
  level integer not null,
  parent text,
  at integer,                        -- the site where it stands by itself; null = in a package, elsewhere, or not in use
  body blob not null,
  told integer not null default 0,   -- the version the feed last told; 0 = none
  fresh_at integer                   -- when the cloud last spoke of it; null = all we know is our own doing
) strict, without rowid;
create index item_parent on item (parent) where parent is not null;
create index item_at on item (at) where at is not null;

-- What the cloud last said of items that unjudged operations of ours have changed. Of all others, `item` says it.
create table base (
  code text primary key,
  parent text,
  body blob                          -- null = it never said anything
) strict, without rowid;
create index base_parent on base (parent) where parent is not null;

-- Every operation of this device, for ever named by where it was first written down.
create table operation (
  epoch integer not null,
  seq integer not null,
  kind text not null,
  at integer not null,
  role text,                         -- of whoever did it, when it was done; null = a line by itself
  approver text,                     -- role of whoever approved it
  body blob not null,
  moves blob,                        -- what it moved under documents, as long as it has effects here
  refused integer not null default 0,  -- 1 = it has no effects here: what the cloud says now speaks against it, or its verdict
  verdict text,                      -- JSON as the cloud gave it
  verdict_at integer,
  primary key (epoch, seq)
) strict, without rowid;
create index operation_unjudged on operation (epoch, seq) where verdict is null;
create index operation_counting on operation (kind) where kind in ('count', 'correct');

-- What an operation did to each item.
create table touched (
  epoch integer not null,
  seq integer not null,
  code text not null,
  before blob,                       -- null = nothing had happened to it
  after blob not null,
  primary key (epoch, seq, code)
) strict, without rowid;
create index touched_code on touched (code);

-- What an unjudged operation was judged by besides the items it changed: codes, and documents as `document/11`.
create table looked_at (
  key text not null,
  epoch integer not null,
  seq integer not null,
  primary key (key, epoch, seq)
) strict, without rowid;
create index looked_at_operation on looked_at (epoch, seq);

-- What an operation of ours moved under a document, until a document that has it counted must have come.
create table moved (
  epoch integer not null,
  seq integer not null,
  document integer not null,
  product integer not null,
  units integer not null,            -- negative = taken off again
  counted integer not null default 0,  -- 1 = the cloud has applied the operation
  primary key (epoch, seq, document, product)
) strict, without rowid;
create index moved_document on moved (document, product);

-- Units made under tasks by operations of ours.
create table made (
  task integer primary key,
  here integer not null,             -- by all of them, except those that turned out not to count
  unjudged integer not null          -- of these, by those without a verdict
) strict;

-- What each operation without a verdict adds to that.
create table making (
  epoch integer not null,
  seq integer not null,
  task integer not null,
  units integer not null,            -- negative = taken back
  primary key (epoch, seq)
) strict, without rowid;

-- The stream: which operation travels at which place. After a resume an operation travels again under a new epoch.
create table outbox (
  epoch integer not null,
  seq integer not null,
  operation_epoch integer not null,
  operation_seq integer not null,
  batch integer,                     -- null = not sealed yet
  judged integer not null default 0,
  primary key (epoch, seq)
) strict, without rowid;
create index outbox_operation on outbox (operation_epoch, operation_seq);

-- Sealed batches, sent again verbatim until a receipt came.
create table batch (
  epoch integer not null,
  batch integer not null,
  first integer not null,
  last integer not null,
  hash blob not null,
  sealed blob not null,
  sealed_at integer not null,
  receipt blob,                      -- the cloud's sealed receipt, verified
  receipt_at integer,                -- when it came, by our clock
  abandoned integer not null default 0,  -- 1 = never receipted before its epoch was closed; its operations travel again
  primary key (epoch, batch)
) strict;
create index batch_unsent on batch (epoch, batch) where receipt is null and abandoned = 0;
create index batch_receipted on batch (receipt_at) where receipt_at is not null;

-- The feed: where each stream of each site stands.
create table feed (
  site integer not null,
  stream text not null check (stream in ('desk', 'goods')),
  cursor integer not null,
  at integer not null,
  primary key (site, stream)
) strict, without rowid;

-- What the desk stream says besides lots and rolls: sites, owner rules, products, dealers, operators, tasks, documents,
-- as JSON.
create table reference (
  kind text not null,
  id integer not null,
  open integer not null,             -- 1 = a task or document under which work may begin
  body text not null,
  primary key (kind, id)
) strict, without rowid;
create index reference_open on reference (kind, id) where open = 1;
create index reference_gtin on reference (body ->> 'gtin') where kind = 'product';

-- Lots and their terms.
create table lot (
  product integer not null,
  lot text not null,
  terms text not null,               -- JSON
  primary key (product, lot)
) strict, without rowid;

-- Codes issued for orders.
create table roll (
  order_id integer not null,
  level integer not null,
  first_body integer not null,       -- where consecutive SSCCs begin; 0 = minted codes, known by digest
  product integer not null,
  count integer not null,
  complete integer not null,         -- 1 = the whole digest is here, or none is needed
  primary key (order_id, level, first_body)
) strict, without rowid;
create index roll_body on roll (first_body) where first_body > 0;

-- SSCCs leased to tasks.
create table lease (
  first_body integer primary key,
  task integer not null,
  level integer not null,
  product integer not null,          -- the task's
  count integer not null
) strict, without rowid;
create index lease_task on lease (task);

-- SSCCs of reusable pallets, of no order and no product.
create table carrier (
  first_body integer primary key,
  count integer not null
) strict;

-- SSCCs leased to devices of our sites, of no order and no product.
create table labels (
  first_body integer primary key,
  device integer not null,
  level integer not null,
  count integer not null,
  used integer                       -- ours: given out so far; null = another device's, or of an earlier epoch
) strict;

-- Labels printed and to be printed. What was in them is kept, so that a reprint is the same label.
create table print_job (
  id integer primary key,
  at integer not null,               -- when it was asked for
  operator integer,                  -- by whom; null = by a screen as a package filled up
  site integer not null,
  printer text not null,
  template text not null,
  fields text not null,              -- JSON, field by name
  code text,                         -- what it labels
  copies integer not null,
  state text not null check (state in ('queued', 'sending', 'printed', 'failed', 'uncertain', 'cancelled')),
  attempts integer not null default 0,
  due_at integer not null,           -- not to be tried before
  problem text,                      -- why not, as a message in JSON
  of_job integer,                    -- it prints this one again …
  why text,                          -- … for this reason
  approver integer,                  -- … agreed to by
  package integer unique             -- the first draft of the package it was made for by itself
) strict;
create index print_job_due on print_job (printer, id) where state in ('queued', 'sending');

-- What became of each, and who decided.
create table print_event (
  id integer primary key,
  job integer not null,
  at integer not null,
  event text not null,               -- queued, printed, failed, uncertain, found_printed, again, cancelled
  operator integer,                  -- null = the printer's own doing
  detail text
) strict;
create index print_event_job on print_event (job);

-- The first eight bytes of SHA-256 of each minted code, as a signed number.
create table digest (
  digest integer not null,
  order_id integer not null,
  level integer not null,
  position integer not null,         -- in the roll
  primary key (digest, order_id, level)
) strict, without rowid;

-- Strips of labels that were written off here: places on a roll, both ends included.
create table strip (
  epoch integer not null,            -- the operation
  seq integer not null,
  order_id integer not null,         -- the roll …
  level integer not null,
  first_body integer not null,       -- … as in `roll`
  first integer not null,
  last integer not null,
  fate text not null,                -- scrapped, returned
  primary key (epoch, seq)
) strict, without rowid;
create index strip_roll on strip (order_id, level, first_body);

-- What a person must look at.
create table exception (
  id integer primary key,
  at integer not null,
  kind text not null,                -- verdict, notice, refused, set_aside, critical
  code text,
  lane text,
  screen text,                       -- where a scan was refused
  operation_epoch integer,           -- the operation it is about
  operation_seq integer,
  rejection text,                    -- JSON
  detail text not null,
  contents text,                     -- JSON: what a lane knows of a case that it set aside
  times integer not null default 1,  -- how often the same happened
  resolved_at integer,               -- null = open
  resolved_by integer,               -- the operator; null = a line
  how text,
  reason text,
  settled_epoch integer,             -- the last operation that resolved it
  settled_seq integer
) strict;
create index exception_open on exception (id) where resolved_at is null;
create index exception_code on exception (code, detail) where resolved_at is null;
create index exception_resolved on exception (resolved_at, id) where resolved_at is not null;

-- Small things a station, lane or session must find again after a restart, as JSON.
create table setting (
  key text primary key,
  value text not null
) strict, without rowid;
