// Float32 matrix products by MKL (as ATen takes them) and by oneDNN, one thread, processor time, best of seven.
//
// usage: g++ -std=c++17 -O3 -fopenmp -I$LT/include -I$LT/include/torch/csrc/api/include products.cpp -o products -L$LT/lib -ltorch_cpu -lc10 -lgomp
// -Wl,-rpath,$LT/lib, with $LT the libtorch that cloze doctor names.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
namespace at::native { void mkldnn_matmul(const Tensor&, const Tensor&, const Tensor&, float beta, float alpha); }
#include <ctime>
#include <cstdio>
static double cpu(){timespec t; clock_gettime(CLOCK_THREAD_CPUTIME_ID,&t); return t.tv_sec+1e-9*t.tv_nsec;}
template<class F> double best(F f){f(); double b=1e9; for(int i=0;i<7;i++){double a=cpu(); f(); b=std::min(b,cpu()-a);} return b*1e3;}
int main(){ at::set_num_threads(1); at::NoGradGuard g;
 struct S{int64_t m,k,n;const char*how;};
 for(S s: {S{2048,384,1536,"NT"},S{2048,384,1536,"NN"},S{2048,1536,384,"NT"},S{384,2048,1536,"TN"},S{512,384,8192,"NT"},S{512,8192,384,"NN"},S{8192,512,384,"TN"},S{768,128,512,"NT"},S{128,768,512,"TN"},S{768,512,128,"NN"}}){
  at::Tensor a= s.how[0]=='N'? at::randn({s.m,s.k}) : at::randn({s.k,s.m}).t();
  at::Tensor b= s.how[1]=='N'? at::randn({s.k,s.n}) : at::randn({s.n,s.k}).t();
  at::Tensor c=at::empty({s.m,s.n}), d=at::empty({s.m,s.n});
  double x=best([&]{at::mm_out(c,a,b);}), y=best([&]{at::native::mkldnn_matmul(a,b,d,0,1);});
  double z=best([&]{d.addmm_(a,b);}), w=best([&]{at::native::mkldnn_matmul(a,b,d,1,1);});
  double gf=2e-6*s.m*s.k*s.n; at::native::mkldnn_matmul(a,b,d,0,1);
  printf("%s %ld %ld %ld: mkl %.2f ms (%.0f GF/s) dnn %.2f (%.0f)  beta1 %.2f %.2f diff %g\n",s.how,s.m,s.k,s.n,x,gf/x,y,gf/y,z,w,(c-d).abs().max().item<double>());
 }}
