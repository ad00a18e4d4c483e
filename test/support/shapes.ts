/** A reader of shapefiles in Python, by the ESRI Shapefile Technical Description (1998) alone: it puts rings into no order of its own. */
import { python } from './python.js';

/** What a record holds: its shape type, and its positions in parts; of points and multipoints in one. */
export interface ReadShape {
  type: number;
  parts: number[][][];
}

const SCRIPT = `import base64,json,struct,sys
def header(data):
    code,=struct.unpack('>i',data[:4]); words,=struct.unpack('>i',data[24:28]); version,kind=struct.unpack('<ii',data[28:36])
    assert (code,words*2,version)==(9994,len(data),1000),'header'
    return kind,struct.unpack('<4d',data[36:68]),struct.unpack('<2d',data[68:84])
def shape(c,kind):
    assert struct.unpack('<i',c[:4])[0]==kind,'type'
    z=kind>10; base=kind-10 if z else kind
    if base==1:
        p=list(struct.unpack('<2d',c[4:20]))
        if z:
            h,m=struct.unpack('<2d',c[20:36]); assert m<-1e38; p.append(h)
        assert len(c)==(36 if z else 20)
        return [[p]],None
    box=struct.unpack('<4d',c[4:36])
    if base==8: n,=struct.unpack('<i',c[36:40]); at=40; starts=[0]
    else:
        k,n=struct.unpack('<2i',c[36:44]); starts=list(struct.unpack('<%di'%k,c[44:44+4*k])); at=44+4*k
    pts=[list(struct.unpack('<2d',c[at+16*i:at+16*i+16])) for i in range(n)]; end=at+16*n
    if z:
        low,high=struct.unpack('<2d',c[end:end+16]); hs=struct.unpack('<%dd'%n,c[end+16:end+16+8*n]); end+=16+8*n
        assert (low,high)==(min(hs),max(hs)),'heights'
        for p,h in zip(pts,hs): p.append(h)
    assert end==len(c),'length'
    assert box==(min(p[0] for p in pts),min(p[1] for p in pts),max(p[0] for p in pts),max(p[1] for p in pts)),'box'
    return [pts[a:b] for a,b in zip(starts,starts[1:]+[n])],box
def read(shp,shx):
    kind,box,heights=header(shp); assert header(shx)==(kind,box,heights),'index'
    out,at,pts=[],100,[]
    while at<len(shp):
        number,words=struct.unpack('>2i',shp[at:at+8]); assert number==len(out)+1,'number'
        assert struct.unpack('>2i',shx[92+8*number:100+8*number])==(at//2,words),'offset'
        parts,_=shape(shp[at+8:at+8+2*words],kind); out.append({'type':kind,'parts':parts}); at+=8+2*words
        pts+=[p for part in parts for p in part]
    assert len(shx)==100+8*len(out),'index length'
    assert box==(min(p[0] for p in pts),min(p[1] for p in pts),max(p[0] for p in pts),max(p[1] for p in pts)),'extent'
    if kind>10: assert heights==(min(p[2] for p in pts),max(p[2] for p in pts)),'range of heights'
    return out
json.dump([read(*map(base64.b64decode,files)) for files in json.load(sys.stdin)],sys.stdout)`;

/** Reads shapefiles; of each its records. Throws where headers, numbers, offsets or boxes are not those of the records. */
export function readShapes(files: readonly { shp: Buffer; shx: Buffer }[]): ReadShape[][] {
  const input = JSON.stringify(files.map(({ shp, shx }) => [shp.toString('base64'), shx.toString('base64')]));
  return python(SCRIPT, [], input) as ReadShape[][];
}
