-- server >= 14
create table p (id int, n text) partition by list (id);
create table p1 partition of p for values in (1); create table p2 partition of p for values in (2);
insert into p values (1, 'one;'), (2, 'two');
alter table p detach partition p1 concurrently;
ALTER TABLE ONLY public.p /* ; */ DETACH PARTITION public.p2 CONCURRENTLY;
insert into p1 values (1, 'no part any more'); create table p3 partition of p default; insert into p values (1, 'again');
