-- Expressions that are printed otherwise after a restore, or that are hard to compare.
create table twice (a int check (a between 1 and 5 and a <> 3), s varchar(9) check (s in ('a', 'b') and length(s) > 0), c char(3) check (c not in ('x', 'y')));
create view twice_view as select a from twice where a between 1 and 3 and s in ('a', 'b') or not (a between 7 and 9 or a is null);
create index twice_index on twice (a) where s in ('a', 'b') and a between 1 and 5;
create schema restored;
create domain restored.code as varchar(5) default 'a'::text check (value in ('a', 'b') and (value between 'a' and 'c' or value is null));
create function restored.f(a int, b text default 'x' || 'y') returns int language sql immutable as 'select a';
create function restored.tf() returns trigger language plpgsql as 'begin return new; end';
create table restored.t (id int, v varchar(10) default upper('x'::varchar), w varchar(10)[] default array['a', 'b']::varchar[], d date default ('now'::text)::date, n numeric(10, 2) default (1.5)::numeric,
  lo int, hi int, j jsonb, at timestamptz, during tstzrange, k char(2), "Ü x" text,
  g int generated always as (case when lo between 1 and 3 and hi between 2 and 4 then lo + hi else restored.f(lo) end) stored,
  check (v in ('a', 'b') is true and not (lo between 1 and 5 and hi > 3) and (lo, hi) <> (1, 2)),
  check (case v when 'a' then lo between 1 and 2 and hi > 1 else (lo > 1 and hi > 2) and lo < 9 end),
  check ((v)::text like any (array['a%'::varchar, 'b%']::text[]) or v = any ('{a,b}'::varchar[])),
  check (coalesce(v in ('a', 'b'), lo between 1 and 2 and hi between 3 and 4)),
  check ((lo between symmetric 5 and 1) = (hi not between 3 and 4 and lo in (1, 2, 3))),
  check (extract(year from at at time zone 'UTC') between 2000 and 2100 and overlay("Ü x" placing 'a' from 1 for 2) is distinct from 'b'),
  check (k in ('x', 'y') and position('a' in v) > 0 and trim(both 'x' from v) <> '' and v similar to 'a|b'),
  check (j ? 'a' and (j ->> 'b') in ('c', 'd') and (j -> 'n')::int between 1 and 5),
  exclude using gist (during with &&) where (lo between 1 and 5 and hi > 1));
create index on restored.t ((v in ('a', 'b') and lo between 1 and 3), lower(v) collate "C" desc nulls last) include (hi) where v in ('x', 'y') and (lo between 1 and 2 and hi > 2);
create statistics restored.st on (lo between 1 and 5 and hi > 1), (v in ('a', 'b')) from restored.t;
create view restored.v as with x as materialized (select lo, hi, v from restored.t where v in ('a', 'b') and lo between 1 and 5 and hi > 0)
  select x.lo, count(*) filter (where x.hi between 1 and 5 and x.v in ('a', 'b')) as n, row_number() over (partition by x.lo order by x.hi between 1 and 2 and x.lo > 0) as r,
    (select max(t.hi) from restored.t where t.lo = x.lo and t.v in ('a', 'b') and t.lo between 1 and 2) as m, array(select y from generate_series(1, 3) y where y between 1 and 2 and y <> 3) as a
  from x join restored.t t on t.lo = x.lo and t.hi between 1 and 5 and t.v in ('c', 'd') left join lateral (select 1 as one where x.lo between 1 and 3 and x.hi > 1) l on true
  group by x.lo, x.hi, x.v having count(*) between 1 and 5 and max(x.v) in ('a', 'b') union all select 1, 2, 3, 4, null where 1 between 1 and 2 and 'a'::varchar in ('a', 'b');
create view restored.v2 as select case when t.v in ('a', 'b') and t.lo between 1 and 5 then 1 end as c, t.* from restored.t t natural join restored.t u where exists (select from restored.v where v.lo = t.lo and v.lo between 1 and 2);
create materialized view restored.mv as select v, lo from restored.t where v in ('a', 'b') and lo between 1 and 5 and hi > 0 with no data;
create policy p on restored.t using (v in ('a', 'b') and lo between 1 and 5 and hi > 0) with check (not (lo between 1 and 5) and v not in ('x', 'y'));
create trigger tr after update on restored.t for each row when (old.v in ('a', 'b') and new.lo between 1 and 5 and old.* is distinct from new.*) execute function restored.tf('a', 'b''c');
create rule ru as on insert to restored.t where new.lo between 1 and 5 and new.v in ('a', 'b') do also update restored.t set lo = 2 where t.v in ('a', 'b') and t.lo between new.lo and 7 and t.hi > 0;
create function restored.body(x varchar) returns boolean language sql begin atomic select x in ('a', 'b') and length(x) between 1 and 5 and x <> 'c'; end;
create table restored.parts (at timestamptz, v varchar(3)) partition by range ((at at time zone 'UTC'), v);
create table restored.parts_1 partition of restored.parts for values from ('2024-01-01', 'a') to ('2025-01-01', maxvalue);
create table restored.list (v varchar(3)) partition by list ((v || 'x'));
create table restored.list_1 partition of restored.list for values in ('ax', null);
create publication restored_p for table restored.t where (id between 1 and 5 and id in (1, 2) and id <> 3);
