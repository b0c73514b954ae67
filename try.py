import asyncio, datetime as dt, sys, time, shutil
from pathlib import Path
from publisher.release.keys import new_key
from publisher.release.store import ReleaseStore
from publisher.release.make import draft, make, republish
from publisher.release.tuf_metadata import SigningKeys,new_root
from publisher.targets.local import LocalFiles
from publisher.targets.tree import TreeTarget
base=Path("/tmp/pubtry"); shutil.rmtree(base,ignore_errors=True); base.mkdir()
site=Path(sys.argv[1])
shutil.copytree(site, base/"out/site")
now=dt.datetime(2026,11,28,12,tzinfo=dt.UTC)
k=SigningKeys(new_key(base/"k/t.pem"),new_key(base/"k/ts.pem")); roots=[new_key(base/f"k/r{i}.pem") for i in range(3)]
s=ReleaseStore(base/"store"); s.keep_metadata({"root.json":new_root(roots,2,k,now)})
def t(words,f,*a):
    x=time.perf_counter(); r=f(*a); print(f"{words}: {time.perf_counter()-x:.2f}s"); return r
d=t("draft",draft,s,base/"out",now); print(len(d.release.files), d.changes.length)
r=t("make",make,s,base/"out",d,k)
target=TreeTarget("www",LocalFiles(base/"www"))
pub=lambda r: asyncio.run(target.publish(r,s.object,lambda a,b:None))
print(t("publish",pub,r))
p=next((base/"out/site").rglob("*.html")); p2=p.read_text(); p.unlink(); p.write_text(p2+"<!-- -->")
d=t("draft2",draft,s,base/"out",now+dt.timedelta(hours=1)); print(len(d.changes.added),len(d.changes.changed),len(d.changes.removed))
r2=t("make2",make,s,base/"out",d,k); print(t("publish2",pub,r2))
r3=t("republish",republish,s,1,k,now+dt.timedelta(hours=2)); print(t("publish3",pub,r3))
r3=t("republish",republish,s,2,k,now+dt.timedelta(hours=3)); print(t("publish4",pub,r3))
print(sum(len(v) for v in r3.proof.values()), len(r3.proof))
import subprocess
print(subprocess.run("cd /tmp/pubtry/www/current && sha256sum --quiet -c .well-known/todoke/manifest.txt && echo sums ok; find . -type f | wc -l; ls -la ..; cat ../slots/a.json | head -c 300",shell=True,capture_output=True,text=True).stdout)
