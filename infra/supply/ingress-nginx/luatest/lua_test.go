// Package luatest runs the tests of the image's Lua modules.
package luatest

import (
	"os/exec"
	"testing"
)

func TestTheImagesLuaModules(t *testing.T) {
	luajit, err := exec.LookPath("luajit")
	if err != nil {
		t.Skip("luajit is not installed; apt-get install luajit")
	}
	out, err := exec.Command(luajit, "test.lua", "../rootfs/usr/share/lua/5.1").CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatal(err)
	}
}
