// Package org knows who there is: units, posts and the people in them, and the register of officials.
//
// The words: the establishment (编制配备) of a township commission is its posts of secretary, deputy and officer; a post
// nobody holds is vacant since a day. An official (监察对象) is a person under supervision, of one of the six statutory
// kinds, in the register of a unit. A duty is what a post's holder is made to do besides; a work group has a head. A
// reorganisation is a unit that merges into another, moves or is renamed from a day on, by two people on a paper. A person file
// is what the work needs to know of one of the commission's own people: posts over time, earlier work, skills.
// A stay is until when an official stood at a unit that was merged.
//
// Invariants: nobody but officials of the six kinds is ever in the register; a Party member without office is the
// subject of a matter only, never a row here; there is no field about homes, wealth or family. Every change of units,
// posts and holdings is an act; authority follows from holdings alone (package access). The staff.* and officials.*
// measures are computed from these rows.
//
// What becomes of posts is told to Seats (package staffing), of merged units to UnitMerged (flow/heir): org imports neither.
//
// Start at Service in service.go; reorganise.go and person.go are rooms of their own; Resolve, in subject.go, is how a matter's subject is found.
package org
