// Package calendar holds civil days and the statutory working days of the
// People's Republic of China. It answers, without any input or output: which
// day is this, is it a working day, which day is the n-th working day after
// it, and may a notice still to come change that answer. It does not know what
// a deadline is; how long one is, and how its ends are counted, is the
// rulebook's and package deadline's.
//
// Words:
//
//   - Date is a civil day, "2026-10-01", with no zone and no hour. "" is no
//     day. It is a string so that SQL, JSON and < work on it as they are.
//   - Instant is a moment, microseconds since 1970 UTC. Which day it falls on
//     is asked in Zone, Asia/Shanghai.
//   - Notice (通知) is a paper of the State Council that arranges holidays: one
//     each autumn for the coming year, now and then a second that changes it.
//   - Year is all that the notices for one year say. Its first days may lie in
//     the December before: the notice for 2019 had 2018-12-29 worked.
//   - MovedWorkday (调休上班) is a Saturday or Sunday worked by notice.
//   - Book is a set of years, and what every question is asked of. Shipped
//     holds the years built in (notices.txt); With adds one that came later.
//   - Provisional: a notice still to come may change this answer. In a year
//     without a notice, weekends and the holidays that the law fixes to a date
//     are off, and everything in that year is provisional; the festivals of
//     the lunar calendar are not computed, so their days count as worked. The
//     last week of a year is provisional until the next year's notice is in.
//
// What holds:
//
//   - Nothing here panics on bad input. A Date that is no day gives the zero
//     answer: "", 0, false. So does a result outside the years 0001 to 9999.
//   - A Book never changes. With returns another one and leaves the old.
//   - A day is worked or not by the latest notice that names it; a day that no
//     notice names is worked from Monday to Friday.
//   - Only national notices count. What a province did for itself is no data.
//
// Start at book.go for the questions, notices.txt for the data and
// docs/calendar.md for how each day of 2004 to 2026 was checked.
package calendar
