package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"qianshao/internal/courier"
	"qianshao/internal/platform/envelope"
	"qianshao/internal/platform/spool"
	"qianshao/internal/portal"
)

// gap is what lies between a public side and a work side that no wire joins: a folder of bundles, as on a disc.
type gap struct {
	*city
	disc         string
	outside      *spool.Spool
	portal, work *courier.Courier
	home         *portal.Home
}

// apart is a city whose public side is a machine of its own, paired with it, and given its first directory on a disc.
func apart(t *testing.T) (g *gap, public string) {
	t.Helper()
	g = &gap{city: newCity(t), disc: t.TempDir()}
	g.Spool(t.TempDir())
	var err error
	if g.outside, err = spool.Open(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	lines := map[courier.Side]string{}
	at := map[courier.Side]*spool.Spool{courier.Portal: g.outside, courier.Work: g.App.Spool}
	for side, s := range at {
		if lines[side], _, err = courier.Init(s, side); err != nil {
			t.Fatal(err)
		}
	}
	open := func(side, other courier.Side) *courier.Courier {
		if err := courier.Pair(at[side], lines[other], false); err != nil {
			t.Fatal(err)
		}
		c, err := courier.Open(at[side])
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	g.portal, g.work = open(courier.Portal, courier.Work), open(courier.Work, courier.Portal)

	skey, vkey, err := note.GenerateKey(nil, "city")
	if err != nil {
		t.Fatal(err)
	}
	signer, err := note.NewSigner(skey)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := g.directory().Sign(signer)
	if err == nil {
		err = g.App.Spool.Keep("directory", signed)
	}
	if err == nil {
		g.home, err = portal.OpenHome(g.outside, vkey)
	}
	if err != nil {
		t.Fatal(err)
	}
	if k := g.carry(g.work, g.portal); !k.Directory {
		t.Errorf("no directory came: %+v", k)
	}
	b, ok, err := g.outside.Kept("directory")
	if err != nil || !ok {
		t.Fatalf("no directory is there: %v", err)
	}
	if _, err := g.home.Take(b); err != nil {
		t.Fatal(err)
	}
	return g, g.before(g.outside, func() *envelope.Directory { return g.home.Directory() })
}

// carry takes a bundle from one side to the other, in a file that lies on a disc in between.
func (g *gap) carry(from, to *courier.Courier) courier.Took {
	g.t.Helper()
	file := filepath.Join(g.disc, string(from.Side())+".age")
	if _, err := from.Out(file); err != nil {
		g.t.Fatal(err)
	}
	k, err := to.In(file)
	if err != nil {
		g.t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		g.t.Fatal(err)
	}
	return k
}

// TestLetterAcrossTheGap: what a reporter lodges goes to the work side on a disc, and what they are told comes back on
// another: everything arrives once, however often it is carried, and nothing before it was.
func TestLetterAcrossTheGap(t *testing.T) {
	t.Parallel()
	g, public := apart(t)
	r := reporterAt(t, public)
	r.open("/")
	r.lodges(pairs{"unit", "云渡县石桥镇", "post", "林业站站长", "subject", "周某某", "text", "管护费发放表上的签字不是本人签的。"}, "", "", held(t, "照片.txt", "一张照片"))
	r.looks()
	r.sees("已封好，还没有人打开", "在云渡县纪委监委")
	for _, want := range []int{1, 0} { // a second journey brings what nobody has acknowledged, and nothing new
		if k := g.carry(g.portal, g.work); k.Letters != want || k.Known != 1-want {
			t.Errorf("%+v", k)
		}
	}
	m := g.letterIn()
	g.Unlock("county")
	p := g.person("intake")
	p.opensLetter(m, "启封并登记")
	if got := p.gets("照片.txt"); got != "一张照片" {
		t.Errorf("the file says %q", got)
	}
	p.enters()
	tip := g.only("tipoff")
	r.looks()
	r.sees("还没有人打开") // nobody has carried anything back
	g.works()
	if k := g.carry(g.work, g.portal); k.Answers != 1 || k.Gone != 1 {
		t.Errorf("%+v", k)
	}
	r.looks()
	r.sees("有人打开看了，还没有决定")

	g.carry(g.portal, g.work)
	p.move(tip, "accept")
	g.works()
	if k := g.carry(g.work, g.portal); k.Answers != 1 {
		t.Errorf("%+v", k)
	}
	r.looks()
	r.sees("决定受理", "已经受理，正在办")
	g.only("letter")
	g.only("tipoff")
	g.Verify()
	if names, err := g.App.Spool.Waiting(10); err != nil || len(names) > 0 {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := g.outside.Waiting(10); err != nil || len(names) > 0 {
		t.Errorf("%q, %v", names, err)
	}
}
