-- A string that goes on after a line end goes on as it began: the second part of an E'' has escapes too.
create table lines (id int, t text);
insert into lines values (1, E'one\''
    '\ttwo\\;');
insert into lines values (2, E'one\\' -- comment; it's
    '\x3b\\'
  ''';');
insert into lines values (3, E'one\
\'; two');
insert into lines values (4, E'one' || '\');
