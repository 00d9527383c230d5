// Package badday does to the built program what bad days do: it is killed in the middle of everything, its disk fills up
// or turns read-only, its database server dies, stalls, refuses or hands over to another. It holds tests only.
//
// The words: a deployment is a small city in a database of its own with everybody's sessions in it; a server is the real
// program serving it, as a process that can be killed; a crowd is clerks who enter tip-offs and accept them over HTTP, each
// write under an Idempotency-Key and sent again, as it was, until it is answered. Whatever was answered is in the crowd's
// books, and the books are held against the database: nothing that was acknowledged may be missing, nothing may be there
// twice, and `qianshao verify` must find that everything agrees, with what it found before still there.
//
// A gap is the longest time between two acknowledged writes, whoever made them: what a city feels of a bad day.
//
// The gate runs short versions. make crash, make ha and make soak run this package with its flags raised. What needs
// root, or a program that is not installed, is skipped and says so.
//
// Which test proves which line of the battery, here and elsewhere:
//
//	T2   TestExportsMeanwhile
//	T8   app TestListPlans (plans); bench run, lists (times over a million)
//	T9   bench run, night (time of a million); here TestManyOwned (nobody waits meanwhile, -owned for the full number)
//	T10  TestManyOwned
//	T11  app TestThickMatter, TestHugeBodies
//	T12  nothing: there are no fields that a deployment makes for itself
//	T13  nothing: the station is not built
//	T14  bench run, export
//	T15  TestSoak
//	T16  TestKilled; TestImportKilled (between two portions of an import)
//	T17  TestDatabaseDies; TestFailover (a server of three lost, at last with commits that wait for a standby)
//	T18  TestDiskFull, TestLogFull, TestFilesFull, and what else is in disk_test.go and damage_test.go
//	T19  deadline TestClockJumpsLoseNothing, TestWatchedClockJumps (an hour, a day, leap day, year's end), TestJump…
//	T20  deadline TestKilledAtRandom, TestErrorLeavesNothingHalfDone, TestPanicLeavesNothingHalfDone; jobs TestAbandonedIsTakenOver
//	T21  app TestBackupRoundTrip (rows and heads, either engine into either); TestYear (size, time, memory); cmd/qianshao
//	     TestServerBacksUp (the recovery point)
//	T22  TestUpgrade
//	T23  TestDatabaseDies (pool exhausted, silent and cut connections, /readyz); platform/db TestStorms, TestSlowIsLeftAlone
//	T27  TestSameTwentyTimes
//	T42  account TestSeparation, TestAdministratorsActs, TestCreate; app TestAdministratorsApart, TestEveryRouteByEveryPost
//	T43  account TestRevokedPost
//	T44  account TestOthersDie, TestBornDead (nobody is deleted: D8)
//	T45  app TestNobodySignsTheirOwn (pages, interface, delegation, a second account)
//
// Start at newDeployment, then crowd.
package badday
