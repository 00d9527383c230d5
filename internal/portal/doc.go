// Package portal is the public side: whoever wants to report somebody writes it here, without an account and without a
// script, goes away with a receipt of sixteen digits, and comes back with it to see what became of the report.
//
// The words: a form has a hidden token, from which its receipt comes, so that a form sent twice is one report. The spool is
// the folder in which sealed letters wait to be taken to the work side and sealed answers wait for whoever has the receipt;
// who reads is found from the directory that the work side gives out, and is never the commission whose own people a report
// is about. With the receipt more is said, in words that go to whoever has the report by then. The gate asks a little work or
// a short wait of each form while many come at once. What can be read stands in this process's memory until it is sealed,
// and nowhere else.
//
// What always holds: no address, agent or cookie is kept, and nothing is logged; a receipt, a token or a text is never in
// an address; nothing readable reaches a disk; a report that was acknowledged is on disk, whole; a wrong receipt and an
// unknown one are answered alike. The package knows no database and no area.
//
// qianshao portal serves it by itself, serve and demo beside the work side; qianshao keys directory writes its directory.
//
// Start at Portal, lodge and say; what a public side of its own keeps is Home.
package portal
