package account

import (
	"context"
	"runtime"
	"time"

	"qianshao/internal/access"
	"qianshao/internal/fault"
)

// Policy is what a deployment decided about signing in. A Service with the zero Policy uses DefaultPolicy.
type Policy struct {
	SecondFactor bool          // a second factor is owed by everybody but village staff
	Idle         time.Duration // a session unused for so long ends; noted to the minute
	Absolute     time.Duration // a session ends, however busy
	SecondWithin time.Duration // how long the second step and every enrolment may take
	Fresh        time.Duration // what opens new ways in asks for a sign-in no older than this
	MinPassword  int           // characters
	MaxAge       time.Duration // a password this old must be changed; 0: never
	OneTime      time.Duration // how long a one-time password is good for
	Tries        int           // attempts before the first wait
	Wait         time.Duration // the first wait; each further failure doubles it
	MaxWait      time.Duration
	Forget       time.Duration // failures this old no longer count
	Hashes       int           // passwords hashed at once; each takes Cost.Memory
	Program      time.Duration // the longest life of a program's token
	Cost         Cost
}

// DefaultPolicy is what holds unless a deployment says otherwise. The level-3 standard gives no numbers; these are those
// that its assessors look for.
func DefaultPolicy() Policy {
	return Policy{
		SecondFactor: true,
		Idle:         30 * time.Minute,
		Absolute:     12 * time.Hour,
		SecondWithin: 10 * time.Minute,
		Fresh:        15 * time.Minute,
		MinPassword:  10,
		MaxAge:       90 * 24 * time.Hour,
		OneTime:      72 * time.Hour,
		Tries:        5,
		Wait:         15 * time.Second,
		MaxWait:      15 * time.Minute,
		Forget:       24 * time.Hour,
		Hashes:       min(runtime.NumCPU(), 8),
		Program:      366 * 24 * time.Hour,
		Cost:         Cost{Memory: 19 * 1024, Passes: 2, Lanes: 1},
	}
}

// Demonstration is the policy of the demonstration city, whose people are nobody's secret: one factor, and passwords
// that outlive the years the city is built in.
func Demonstration() Policy {
	p := DefaultPolicy()
	p.SecondFactor, p.MaxAge = false, 0
	return p
}

// DemoPassword is what everybody in the demonstration city signs in with.
const DemoPassword = "qianshao-demo"

// DemoLogins are the roles that the demonstration's sign-in page offers at one click, in the order to show: from the
// village up, then the three administrators.
var DemoLogins = []string{"station", "officer", "township", "neighbour", "intake", "supervision", "investigator", "reviewer", "leader", "othercounty", "cityoffice", "cityorg", "province",
	"sysadmin", "secadmin", "auditor"}

// Sample is a login of the demonstration that the password everybody knows still opens, "" if there is none: nobody may
// work in a database that has one.
func (s *Service) Sample(ctx context.Context) (string, error) {
	for _, login := range DemoLogins {
		a, err := s.byLogin(ctx, login)
		if err != nil {
			return "", err
		}
		if a.ID.Zero() || a.disabled {
			continue
		}
		if known, _ := matches(a.password, DemoPassword); known {
			return login, nil
		}
	}
	return "", nil
}

// The stages of a session.
const (
	StagePassword = "password" // the password was right; something is still owed
	StageFull     = "full"
	StageProgram  = "program"
)

// What a session may still owe before it has any authority.
const (
	DueSecond = "second" // the second step
	DueChange = "change" // a new password
	DueEnrol  = "enrol"  // a second factor
	DuePost   = "post"   // the choice of a post
)

// How long after the last note a session's use is noted again. Noting each request would make every page a write.
const noteEvery = time.Minute

// A longer password is refused before it is hashed.
const maxPassword = 256

// Village staff sign in on their own telephones, often without a second device.
var villageStaff = map[string]bool{"station_chief": true, "correspondent": true}

// owesSecond says whether a person in these posts owes a second factor.
func (p Policy) owesSecond(posts []Post) bool {
	if !p.SecondFactor {
		return false
	}
	for _, x := range posts {
		if !villageStaff[x.Kind] {
			return true
		}
	}
	return false
}

var administrators = map[access.Role]bool{access.SysAdmin: true, access.SecAdmin: true, access.Auditor: true}

// separate refuses a person who holds two of the three administrators' posts (三员分立).
func separate(posts []Post) error {
	var found access.Role
	for _, p := range posts {
		k, _ := access.KindOf(p.Kind)
		for _, r := range k.Roles {
			if !administrators[r] {
				continue
			}
			if found != "" && found != r {
				return fault.New(fault.Forbidden, "account.two_admins")
			}
			found = r
		}
	}
	return nil
}

// wait is how long a budget rests after its n-th failure in a row.
func (p Policy) wait(n int64) time.Duration {
	over := n - int64(p.Tries)
	if over < 0 {
		return 0
	}
	d := p.Wait
	for ; over > 0 && d < p.MaxWait; over-- {
		d *= 2
	}
	return min(d, p.MaxWait)
}
