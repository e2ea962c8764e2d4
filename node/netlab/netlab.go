// Package netlab runs real nodes, as processes of the built binary, in a small Internet made of Linux network
// namespaces, for tests.
//
//	func TestMain(m *testing.M) { os.Exit(netlab.Main(m)) }
//
//	lab := netlab.New(t, 3)
//	a := lab.Node(0)
//	a.Start()                                 // stoa run …, in a namespace of its own
//	lab.Node(1).Start("--peer", a.Multiaddr()) // at another address
//	lab.Partition([]int{0}, []int{1, 2})      // addresses and routes stay
//	lab.Heal()
//	a.Kill()
//
// # Who is where
//
// Node i has the address 10.77.0.(i+1). Behind it are its people, in a namespace of theirs with the address
// 10.77.(i+1).2: [Node.Members]. The node's namespace is their router, and everybody has a way to everybody. So when
// [Node.Flows] of node A shows no address of B's people, it is because nobody told A any; a leak would show.
//
// # How a test gets there
//
// A network namespace belongs to a thread, and a socket belongs for ever to the namespace of the thread that opened it.
// So [Namespace.HTTP] and [Namespace.Network] open each socket on a thread that has entered the namespace and that ends
// right afterwards; what uses the socket then runs anywhere. api/client and api/client/rtc thus run inside the test, as
// objects that it can ask, and still are somewhere else. Programs, a browser for instance, are started from a thread in
// the namespace by [Namespace.Start] and end with the test at the latest, even if it is killed.
//
// # What is left behind
//
// Nothing. scripts/netlab, which builds the lab, gives no namespace a name; they are held by processes that end when the
// test's end of a pipe is closed, by the test or by its death.
//
// It needs root, or the right to make user namespaces ([Main] enters one), and iproute2, nftables and util-linux
// (scripts/net-tools). Where that is missing, New fails the test and says so. All of it is for Linux.
package netlab
