// Package sheet reads and writes the tables people keep: Excel workbooks (.xlsx) and comma-separated text (.csv), row by
// row, whatever their size.
//
// A Reader knows a workbook from a text by its first bytes, never by its name. A text may be UTF-8 (with or without a
// mark), UTF-16 with a mark, or GB 18030, which is what a Chinese Excel saves; its fields may be divided by commas,
// semicolons or tabs. Of a workbook the sheets are read in their order. A cell is the text of its value: what a formula
// last came to, never the formula; a date may come as the number Excel keeps it as, which Day and Month understand.
//
// A Writer writes text cells only, so that nothing in a workbook is ever computed. In a text file a cell that a
// spreadsheet would take for a formula gets an apostrophe before it, which the Reader takes off again: what is written
// and read is the same.
//
// Invariants: a file that is too large, unpacks to too much, or has too many rows, columns or characters in a cell is
// refused while it is being read, before anything is done with it; memory does not grow with the number of rows.
//
// Start at Open and NewWriter.
package sheet
