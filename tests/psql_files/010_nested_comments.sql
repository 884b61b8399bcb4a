-- Comments in comments.
create table a (id int); /* out /* in; */ still; out; create table never (); */
create table b (id int /* one /* two /* three */ it's */ ; $$ */, t text); /**/ /***/ /*/ create table never (); */
/* -- /* */ ' */
create table c (); /*
 * drop table c; /*
 */
 * drop table b;
 */ create table d ();
