create schema "s;1"; create table "s;1"."t.t" ("i.d" int, n text);
create index concurrently "in;dex ü" on "s;1"."t.t" ("i.d"); create index concurrently on only "s;1"."t.t" using hash (n) with (fillfactor = 50) where n <> 'concurrently;';
set search_path = "s;1"; create unique index concurrently if not exists second on "t.t" ((lower(n)), "i.d" desc nulls last) include (n);
create index concurrently if not exists second on "t.t" (n); drop index concurrently "s;1"."in;dex ü" restrict; drop index concurrently if exists public.second;
