package e2e

import "testing"

// TestBelow is 转办 with its second person: the clerk writes the text for the township, beside which stands what in it could
// tell; another clerk holds it against the original, gives it back once, and lets it go. The township reads that text alone.
func TestBelow(t *testing.T) {
	t.Parallel()
	c := newCity(t, [4]string{"checker", "周核", "intake_clerk", "county"})
	m := c.letter("反映石桥镇农业综合服务中心主任虚报管护费", "赵六")
	p := c.person("intake")
	p.matter(m)
	p.chooses("forward")
	p.sees("可能看出举报人的地方", "来信")
	p.tab("target")
	p.dials("target", c.Units["full"].ID.Key)
	p.tab("below_title")
	p.writes("农业综合服务中心管护费")
	p.fill(pairs{"below_text", "来信称虚报高标准农田管护费，可问赵六，电话13912345678。"})
	p.awaits("电话号码")
	p.fill(pairs{"left_out", "contact"})
	p.fill(pairs{"verify_note", "结合年度财务检查调阅凭证。"})
	p.picture()
	p.submit()
	c.in(m, "below_check")

	d := c.person("checker")
	d.unlocks()
	d.open("/")
	d.click(`main a[href^="/p/"]`)
	d.sees("本机关摘要", "拟下发文本")
	d.seesNot("来信原文")
	d.click("#original button")
	d.waits("[data-original]")
	d.sees("来信原文", "举报人的姓名或者称谓")
	d.picture()
	d.fill(pairs{"note", "姓名和电话不能下发。"})
	d.click(`[name="decision"][value="return"]`)
	c.in(m, "received")

	p.matter(m)
	p.chooses("forward")
	p.keeps("below_text", "来信称虚报高标准农田管护费，可问赵六，电话13912345678。") // what was given back stands there
	p.fill(pairs{"target", c.Units["full"].ID.Key, "below_text", "虚报高标准农田管护费，数额不详。"})
	p.submit()
	d.open("/")
	d.click(`main a[href^="/p/"]`)
	d.click(`[name="decision"][value="approve"]`)
	clue := c.child(m, "clue")
	o := c.person("officer")
	o.matter(clue)
	o.sees("虚报高标准农田管护费，数额不详。", "结合年度财务检查调阅凭证。")
	o.seesNot("赵六", "来信反映该主任", "实名")
	o.picture()
}
