-- Strings on lines below each other are one; comments may stand between them.
create table lines (id int, t text);
insert into lines values (1, 'one;'
    ' two;'

  ' three\');
insert into lines values (2, 'one' -- it's; no part of it
    -- nor; 'this
    ' two');
insert into lines values (3, 'a
b;
  -- c
\.
d');
