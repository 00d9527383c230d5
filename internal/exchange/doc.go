// Package exchange takes the tables people already have into the system and gives them out again: divisions, people,
// officials, duties, holidays, statistics, tipoffs, clues, cases.
//
// What a colleague calls:
//
//	x.Import(ctx, who, kind, src io.ReaderAt, size, Options{DryRun, On, Lang, Progress}) (Report, error)
//	x.Export(ctx, who, kind, to io.Writer, format, lang) (rows int, err error)
//	x.Annotate(src, size, report, to, format, lang) error  // the same sheets with a column of what is wrong, to mend and send again
//	x.Template(kind, to, format, lang) error               // the head row alone
//	exchange.Kinds, exchange.Known(kind)
//
// who is the person, or access.ByOperator(city) for the host's command line; the tables of the actor's tenant are read
// and written. A Report says of each row what it does (new, change, same, end) or what is wrong with it, where it stands
// and what to do. An error is returned only for what is no matter of rows: a file that can't be read, a head row that is
// not understood, a permission that is missing.
//
// The words: a kind is a sort of table with its columns. Columns are recognised by their names in either language, in
// any order, in the first rows of a sheet; others are left alone. An import as of a day (Options.On, else today) says
// what held from that day on.
//
// Invariants: with one wrong row nothing is written; an import is an act for every 500 rows, with their digests (ADR
// 0033), and one that is cut off between two of them goes on when the same file comes again; importing what was exported
// changes nothing; nothing is removed because it is missing from a file, but a roster replaces who holds the posts of
// the establishment in the townships it names, and theirs alone. Somebody whom a higher level manages is refused, as at
// the counter. A matter's number counts within its register, and what the actor may not see is as unknown as what is not
// there: a report never tells of it (D22). A dry run says what the real one will.
//
// Start at Service.Import; one file a kind holds its columns and its plan.
package exchange
