create table a (id int);
insert into a values (1); -- the file ends in this comment; it's without a line end
insert into a values (2) -- so does this statement /* $$