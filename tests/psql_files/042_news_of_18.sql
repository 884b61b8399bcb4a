-- server >= 18
create table t (id int, n int, twice int generated always as (n * 2) virtual, constraint positive check (n > 0) not enforced);
insert into t (id, n) values (1, -1), (2, 2) returning old.n, new.twice;
alter table t add constraint id_there not null id not valid;
create table booked (room int4range, during tstzrange, primary key (room, during without overlaps));
insert into booked values ('[1,2)', '[2026-01-01, 2026-01-02)') on conflict do nothing;
create table ids as select uuid_extract_version(uuidv7()) v;
