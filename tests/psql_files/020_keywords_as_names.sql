-- begin, end, case, atomic, copy, stdin, create as names of columns, labels, functions.
create table steps (begin int, atomic int, "case" text, "end" text, copy text, stdin text, commit int, rollback int, function int, procedure int);
insert into steps (begin, atomic, "case", "end", copy, stdin, commit) values (1, 2, 'case', 'end', 'copy', 'from stdin', 3);
create view v as select s.begin, s.atomic, s."case" as case, s.end as end, 1 as "begin end", atomic as function, commit as copy from steps s;
create function copy(stdin text, begin int) returns text language sql as 'select stdin';
create table atomic as select begin atomic from steps where begin < atomic and "end" = 'end';
select copy(stdin, begin) from steps; update steps set begin = atomic, atomic = begin;
create procedure p() language plpgsql as $$ <<begin_label>> begin <<atomic>> loop exit atomic; end loop atomic; end begin_label $$;
create index begin on steps (begin, atomic); create view "create function begin atomic" as select begin from steps;
