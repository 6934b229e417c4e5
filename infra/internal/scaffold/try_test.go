package scaffold
import ("testing";"os";"context";"github.com/stretchr/testify/require")
func TestTry(t *testing.T){
 root:=os.Getenv("TRY_ROOT")
 for _,tm:=range []Template{HTTP,Worker}{ for _,n:=range [][]string{nil,{"database"}} { for i,c:=range [][]string{nil,{"catalog"},{"inventory","catalog"}}{
  name:=string(tm)
  if n!=nil {name+="-db"}
  name+=[]string{"","-call","-calls"}[i]
  _,err:=New(context.Background(),root,Request{Name:name,Template:tm,Needs:n,Calls:c,Force:true}); require.NoError(t,err,name)
 }}}
}
