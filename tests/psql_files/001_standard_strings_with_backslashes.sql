-- With standard_conforming_strings on, a backslash is a letter like any other: '\' is a whole string.
create table paths (id int, path text);
insert into paths values (1, '\'), (2, 'C:\new;\'), (3, '\\'';'), (4, '');
insert into paths values (5, 'a\'), (6, 'b; -- no comment, /* nor this');
insert into paths select 7, name'\' || ';';  -- the e before the quote belongs to the name of the type, this is no E''
comment on table paths is 'it''s; a \';
