-- Nothing here; it's all comment
/* create table a (); */

-- create table b ();