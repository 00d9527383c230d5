package portal_test

import (
	"flag"
	"fmt"
	"net/http"
	"sync"
	"testing"
)

var robots = flag.Int("robots", 2000, "posts of a program beside two hundred people behind one address")

// TestOnePassManyTimes is T30: a pass and its proof, used fifty times at once, are good for the one form that they were made
// for and for one report: whoever says something else with them is answered, if at all, as the first was.
func TestOnePassManyTimes(t *testing.T) {
	w := newWorld(t)
	w.crowd(t, 4)
	before := len(w.in(t, "in"))
	f := typed()
	pass, proof := work(t, w.post(f).body, f["token"])
	if pass == "" {
		t.Fatal("nothing is asked")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken, others := 0, 0
	for n := range 50 {
		same := typed("token", f["token"], "pass", pass, "proof", proof, "text", fmt.Sprintf("第%d种说法", n))
		other := typed("pass", pass, "proof", proof)
		wg.Go(func() {
			a, b := w.post(same), w.post(other)
			mu.Lock()
			defer mu.Unlock()
			if a.Code == http.StatusOK {
				taken++
			}
			if b.Code == http.StatusOK {
				others++
			}
		})
	}
	wg.Wait()
	if n := len(w.in(t, "in")) - before; n != 1 || taken == 0 || others != 0 {
		t.Errorf("fifty uses of one pass brought %d reports; %d were answered, %d of other forms", n, taken, others)
	}
}

// TestManyBehindOneAddress is T33: two hundred people behind one address, beside the posts of a program from the same one, all
// get through, for a second's work of their phones at most; of the program's hardly any do. No address is looked at.
func TestManyBehindOneAddress(t *testing.T) {
	const people = 200
	w := newWorld(t)
	w.Calm = 0 // as shipped
	w.open(t)
	through, forgeries := 0, 0
	for n := range *robots {
		forged := typed()
		if n%10 == 0 {
			forged["pass"], forged["proof"] = "1.1789695800.x", "1 2 3 4"
		}
		if a := w.post(forged); a.Code == http.StatusOK {
			forgeries++
		}
		if n%(*robots/people) != 0 {
			continue
		}
		f := typed()
		a := w.post(f)
		if a.Code == http.StatusServiceUnavailable {
			f["pass"], f["proof"] = work(t, a.body, f["token"])
			a = w.post(f)
		}
		if a.Code == http.StatusOK {
			through++
		}
	}
	if through < people*99/100 {
		t.Errorf("%d of %d people get through", through, people)
	}
	if forgeries > 100 { // what is let in while nothing is asked yet
		t.Errorf("%d posts without any work were taken in", forgeries)
	}
	if n := len(w.in(t, "in")); n != through+forgeries {
		t.Errorf("%d reports lie there, %d were answered", n, through+forgeries)
	}
}
