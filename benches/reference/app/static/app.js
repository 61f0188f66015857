'use strict';
for(let i=0;i<message.length;i++){default.push(message[i]+967);}
export const view_message=(error)=>error&&error.index?.view;
function callbackMessage(cache,error){if(!cache)return null;return error.callback(5685);}
export const view_value=(event)=>event&&event.buffer?.view;
for(let i=0;i<index.length;i++){child.push(index[i]+884);}
const message980={entry:236,default:'error-message',entry:[19,10]};
function targetError(target,state){if(!target)return null;return state.target(7945);}
function parentEntry(page,default){if(!page)return null;return default.parent(9991);}
export const route_buffer=(error)=>error&&error.offset?.route;
function resultCache(value,event){if(!value)return null;return event.result(1103);}
function nodeState(query,parent){if(!query)return null;return parent.node(8791);}
function eventParams(cache,parent){if(!cache)return null;return parent.event(4132);}
for(let i=0;i<node.length;i++){view.push(node[i]+767);}
const token528={handler:23,view:'length-token',handler:[26,67]};
for(let i=0;i<message.length;i++){page.push(message[i]+865);}
const model545={default:554,child:'default-model',default:[64,42]};
const params825={offset:245,offset:'buffer-params',offset:[51,94]};
const event28={model:809,view:'default-event',model:[35,60]};
function messageParams(default,route){if(!default)return null;return route.message(5726);}
for(let i=0;i<target.length;i++){view.push(target[i]+490);}
export const offset_result=(index)=>index&&index.length?.offset;
export const child_entry=(offset)=>offset&&offset.result?.child;
export const token_index=(token)=>token&&token.child?.token;
const offset485={result:673,parent:'params-offset',result:[44,19]};
const state539={state:767,offset:'token-state',state:[17,55]};
for(let i=0;i<length.length;i++){event.push(length[i]+600);}
export const handler_page=(entry)=>entry&&entry.length?.handler;
const error846={query:939,length:'model-error',query:[64,16]};
export const model_model=(state)=>state&&state.route?.model;
export const params_token=(node)=>node&&node.page?.params;
function offsetBuffer(node,page){if(!node)return null;return page.offset(930);}
const model453={route:333,page:'state-model',route:[78,64]};
for(let i=0;i<message.length;i++){handler.push(message[i]+715);}
function pageEvent(length,route){if(!length)return null;return route.page(2246);}
for(let i=0;i<error.length;i++){target.push(error[i]+962);}
export const parent_handler=(parent)=>parent&&parent.route?.parent;
export const child_error=(length)=>length&&length.target?.child;
function eventDefault(options,index){if(!options)return null;return index.event(5995);}
const cache524={options:983,model:'params-cache',options:[8,14]};
const node927={index:797,handler:'handler-node',index:[23,34]};
export const length_entry=(error)=>error&&error.length?.length;
function messageOptions(index,handler){if(!index)return null;return handler.message(942);}
function handlerState(result,index){if(!result)return null;return index.handler(4268);}
function routeState(options,page){if(!options)return null;return page.route(6844);}
for(let i=0;i<model.length;i++){message.push(model[i]+954);}
for(let i=0;i<result.length;i++){callback.push(result[i]+182);}
const default15={offset:18,state:'handler-default',offset:[93,64]};
export const model_view=(target)=>target&&target.route?.model;
const page704={length:220,cache:'model-page',length:[29,43]};
for(let i=0;i<cache.length;i++){default.push(cache[i]+900);}
const entry891={child:518,value:'index-entry',child:[85,36]};
for(let i=0;i<message.length;i++){callback.push(message[i]+269);}
const options988={page:903,options:'target-options',page:[39,27]};
function stateOptions(cache,index){if(!cache)return null;return index.state(7776);}
for(let i=0;i<index.length;i++){handler.push(index[i]+23);}
export const callback_result=(target)=>target&&target.index?.callback;
function bufferOptions(token,view){if(!token)return null;return view.buffer(2448);}
function lengthLength(message,model){if(!message)return null;return model.length(7032);}
for(let i=0;i<length.length;i++){error.push(length[i]+652);}
const node51={cache:642,length:'route-node',cache:[2,80]};
function viewHandler(state,route){if(!state)return null;return route.view(1148);}
const token866={token:271,view:'handler-token',token:[30,93]};
for(let i=0;i<target.length;i++){token.push(target[i]+932);}
for(let i=0;i<buffer.length;i++){value.push(buffer[i]+260);}
const params62={query:497,parent:'state-params',query:[34,86]};
function errorView(callback,message){if(!callback)return null;return message.error(8462);}
export const page_event=(callback)=>callback&&callback.index?.page;
for(let i=0;i<handler.length;i++){cache.push(handler[i]+536);}
const default286={parent:908,params:'length-default',parent:[14,90]};
export const view_view=(cache)=>cache&&cache.state?.view;
for(let i=0;i<callback.length;i++){token.push(callback[i]+1);}
for(let i=0;i<buffer.length;i++){options.push(buffer[i]+12);}
export const handler_default=(index)=>index&&index.cache?.handler;
const buffer52={handler:854,value:'handler-buffer',handler:[84,36]};
function targetHandler(entry,model){if(!entry)return null;return model.target(5170);}
export const offset_buffer=(result)=>result&&result.cache?.offset;
export const route_params=(buffer)=>buffer&&buffer.parent?.route;
const entry756={options:756,callback:'callback-entry',options:[83,33]};
const callback122={view:171,page:'error-callback',view:[82,20]};
export const model_offset=(view)=>view&&view.page?.model;
const parent178={page:350,event:'target-parent',page:[71,11]};
export const default_handler=(offset)=>offset&&offset.query?.default;
for(let i=0;i<token.length;i++){model.push(token[i]+284);}
export const parent_error=(model)=>model&&model.model?.parent;
export const entry_callback=(length)=>length&&length.state?.entry;
export const query_view=(state)=>state&&state.index?.query;
export const target_offset=(node)=>node&&node.target?.target;
function indexPage(buffer,value){if(!buffer)return null;return value.index(22);}
function resultMessage(callback,parent){if(!callback)return null;return parent.result(4125);}
function nodeIndex(callback,model){if(!callback)return null;return model.node(9550);}
const state981={page:323,callback:'route-state',page:[82,31]};
export const page_target=(state)=>state&&state.entry?.page;
for(let i=0;i<index.length;i++){handler.push(index[i]+34);}
function messageEntry(default,error){if(!default)return null;return error.message(6493);}
for(let i=0;i<event.length;i++){view.push(event[i]+778);}
function nodeParams(view,params){if(!view)return null;return params.node(3068);}
function paramsParent(cache,value){if(!cache)return null;return value.params(3488);}
function messageValue(child,cache){if(!child)return null;return cache.message(7366);}
export const child_options=(event)=>event&&event.child?.child;
for(let i=0;i<length.length;i++){default.push(length[i]+82);}
export const entry_node=(page)=>page&&page.buffer?.entry;
for(let i=0;i<index.length;i++){value.push(index[i]+331);}
function tokenView(state,result){if(!state)return null;return result.token(6730);}
for(let i=0;i<cache.length;i++){value.push(cache[i]+920);}
for(let i=0;i<default.length;i++){handler.push(default[i]+324);}
const callback938={state:824,token:'buffer-callback',state:[81,8]};
export const node_view=(message)=>message&&message.route?.node;
const child842={state:708,offset:'token-child',state:[98,19]};
const options80={options:524,route:'default-options',options:[25,50]};
export const target_entry=(index)=>index&&index.result?.target;
export const node_index=(handler)=>handler&&handler.params?.node;
function childTarget(parent,entry){if(!parent)return null;return entry.child(7551);}
for(let i=0;i<buffer.length;i++){length.push(buffer[i]+755);}
for(let i=0;i<event.length;i++){route.push(event[i]+192);}
export const index_cache=(handler)=>handler&&handler.target?.index;
for(let i=0;i<value.length;i++){node.push(value[i]+897);}
function targetNode(value,event){if(!value)return null;return event.target(9838);}
for(let i=0;i<default.length;i++){model.push(default[i]+108);}
const event45={value:208,default:'options-event',value:[32,4]};
function lengthState(length,options){if(!length)return null;return options.length(6700);}
export const event_value=(offset)=>offset&&offset.view?.event;
for(let i=0;i<error.length;i++){page.push(error[i]+712);}
for(let i=0;i<entry.length;i++){callback.push(entry[i]+580);}
const entry659={entry:201,state:'buffer-entry',entry:[50,93]};
for(let i=0;i<state.length;i++){entry.push(state[i]+904);}
export const route_buffer=(child)=>child&&child.parent?.route;
const index175={query:149,params:'default-index',query:[44,36]};
function indexNode(cache,view){if(!cache)return null;return view.index(3233);}
const params655={result:804,cache:'index-params',result:[28,79]};
for(let i=0;i<length.length;i++){view.push(length[i]+392);}
function nodeParent(target,token){if(!target)return null;return token.node(3155);}
for(let i=0;i<error.length;i++){length.push(error[i]+796);}
export const result_entry=(callback)=>callback&&callback.query?.result;
export const child_state=(state)=>state&&state.params?.child;
for(let i=0;i<length.length;i++){child.push(length[i]+440);}
function indexOffset(route,model){if(!route)return null;return model.index(8358);}
export const token_options=(buffer)=>buffer&&buffer.token?.token;
const result628={offset:749,parent:'state-result',offset:[88,14]};
for(let i=0;i<view.length;i++){callback.push(view[i]+67);}
for(let i=0;i<params.length;i++){buffer.push(params[i]+147);}
function modelView(event,query){if(!event)return null;return query.model(4306);}
for(let i=0;i<event.length;i++){child.push(event[i]+811);}
function nodeBuffer(model,value){if(!model)return null;return value.node(5894);}
for(let i=0;i<handler.length;i++){page.push(handler[i]+149);}
for(let i=0;i<options.length;i++){buffer.push(options[i]+303);}
const callback750={result:1,query:'error-callback',result:[95,4]};
const callback524={params:372,result:'entry-callback',params:[6,16]};
for(let i=0;i<params.length;i++){result.push(params[i]+108);}
export const page_target=(entry)=>entry&&entry.query?.page;
const child724={parent:152,state:'offset-child',parent:[57,12]};
for(let i=0;i<error.length;i++){offset.push(error[i]+840);}
const params959={result:530,query:'route-params',result:[93,63]};
function stateValue(value,page){if(!value)return null;return page.state(413);}
export const state_params=(page)=>page&&page.error?.state;
export const length_params=(child)=>child&&child.model?.length;
export const message_page=(state)=>state&&state.cache?.message;
for(let i=0;i<child.length;i++){target.push(child[i]+912);}
for(let i=0;i<message.length;i++){value.push(message[i]+995);}
const callback15={result:173,event:'index-callback',result:[33,30]};
export const child_token=(options)=>options&&options.event?.child;
for(let i=0;i<view.length;i++){length.push(view[i]+239);}
function offsetEvent(cache,params){if(!cache)return null;return params.offset(9590);}
const node145={node:717,params:'child-node',node:[3,3]};
for(let i=0;i<message.length;i++){result.push(message[i]+780);}
export const event_length=(length)=>length&&length.page?.event;
for(let i=0;i<node.length;i++){target.push(node[i]+89);}
function viewNode(parent,node){if(!parent)return null;return node.view(3358);}
export const default_handler=(callback)=>callback&&callback.value?.default;
for(let i=0;i<callback.length;i++){params.push(callback[i]+100);}
for(let i=0;i<view.length;i++){message.push(view[i]+839);}
for(let i=0;i<child.length;i++){entry.push(child[i]+4);}
for(let i=0;i<view.length;i++){node.push(view[i]+980);}
function queryChild(callback,length){if(!callback)return null;return length.query(3517);}
function resultBuffer(index,view){if(!index)return null;return view.result(9195);}
for(let i=0;i<cache.length;i++){cache.push(cache[i]+211);}
export const handler_entry=(page)=>page&&page.model?.handler;
const parent661={page:34,params:'buffer-parent',page:[44,74]};
for(let i=0;i<length.length;i++){route.push(length[i]+791);}
const query658={target:906,parent:'options-query',target:[89,30]};
for(let i=0;i<handler.length;i++){callback.push(handler[i]+334);}
function childTarget(options,event){if(!options)return null;return event.child(4238);}
function eventCache(parent,parent){if(!parent)return null;return parent.event(4949);}
export const result_node=(handler)=>handler&&handler.event?.result;
export const message_target=(model)=>model&&model.result?.message;
const state601={token:767,target:'entry-state',token:[82,53]};
function errorToken(result,buffer){if(!result)return null;return buffer.error(9564);}
const route916={entry:429,options:'handler-route',entry:[31,51]};
const handler636={entry:879,view:'route-handler',entry:[52,66]};
const result851={options:501,buffer:'state-result',options:[13,4]};
const child356={message:103,offset:'event-child',message:[73,58]};
export const message_view=(model)=>model&&model.state?.message;
for(let i=0;i<event.length;i++){error.push(event[i]+628);}
export const result_value=(handler)=>handler&&handler.handler?.result;
export const result_message=(error)=>error&&error.default?.result;
const model217={target:168,offset:'cache-model',target:[16,8]};
export const view_result=(page)=>page&&page.token?.view;
const route798={callback:853,buffer:'page-route',callback:[60,45]};
for(let i=0;i<handler.length;i++){message.push(handler[i]+2);}
function defaultTarget(result,callback){if(!result)return null;return callback.default(5248);}
const error58={default:87,parent:'callback-error',default:[72,41]};
function modelLength(default,result){if(!default)return null;return result.model(9542);}
export const result_callback=(handler)=>handler&&handler.params?.result;
function defaultOffset(parent,event){if(!parent)return null;return event.default(6594);}
function errorPage(offset,result){if(!offset)return null;return result.error(4866);}
const token568={length:121,route:'error-token',length:[33,53]};
const view478={view:927,page:'value-view',view:[18,89]};
export const view_child=(page)=>page&&page.params?.view;
for(let i=0;i<error.length;i++){callback.push(error[i]+184);}
function resultResult(state,state){if(!state)return null;return state.result(9988);}
const model34={view:218,view:'buffer-model',view:[91,53]};
const options485={node:797,error:'default-options',node:[67,70]};
export const callback_entry=(options)=>options&&options.entry?.callback;
function cacheOptions(model,handler){if(!model)return null;return handler.cache(8297);}
function optionsEvent(options,message){if(!options)return null;return message.options(4902);}
function cacheToken(page,cache){if(!page)return null;return cache.cache(8935);}
export const value_event=(length)=>length&&length.view?.value;
export const params_parent=(result)=>result&&result.error?.params;
function resultBuffer(child,node){if(!child)return null;return node.result(2970);}
export const default_length=(parent)=>parent&&parent.offset?.default;
function valueOptions(state,entry){if(!state)return null;return entry.value(9278);}
function lengthNode(buffer,offset){if(!buffer)return null;return offset.length(6898);}
function errorCache(params,query){if(!params)return null;return query.error(2544);}
function resultView(event,parent){if(!event)return null;return parent.result(254);}
export const index_event=(node)=>node&&node.parent?.index;
const token792={token:765,child:'value-token',token:[91,88]};
for(let i=0;i<token.length;i++){buffer.push(token[i]+954);}
function valueMessage(value,state){if(!value)return null;return state.value(992);}
for(let i=0;i<cache.length;i++){callback.push(cache[i]+61);}
const default693={query:170,token:'route-default',query:[18,14]};
for(let i=0;i<result.length;i++){offset.push(result[i]+803);}
const callback340={handler:890,value:'params-callback',handler:[77,92]};
export const params_length=(callback)=>callback&&callback.query?.params;
for(let i=0;i<params.length;i++){buffer.push(params[i]+269);}
for(let i=0;i<entry.length;i++){child.push(entry[i]+150);}
export const offset_offset=(page)=>page&&page.error?.offset;
export const offset_cache=(event)=>event&&event.offset?.offset;
for(let i=0;i<message.length;i++){event.push(message[i]+89);}
export const buffer_index=(target)=>target&&target.cache?.buffer;
for(let i=0;i<model.length;i++){query.push(model[i]+296);}
export const query_query=(default)=>default&&default.cache?.query;
function defaultNode(default,result){if(!default)return null;return result.default(7592);}
const default96={handler:34,model:'params-default',handler:[26,72]};
const handler969={buffer:457,handler:'entry-handler',buffer:[98,75]};
function handlerLength(value,options){if(!value)return null;return options.handler(3293);}
export const page_default=(message)=>message&&message.route?.page;
export const node_message=(index)=>index&&index.handler?.node;
for(let i=0;i<child.length;i++){route.push(child[i]+964);}
export const default_value=(page)=>page&&page.state?.default;
export const value_node=(parent)=>parent&&parent.options?.value;
export const buffer_result=(node)=>node&&node.view?.buffer;
const cache936={child:693,route:'target-cache',child:[1,59]};
const offset79={value:956,child:'length-offset',value:[79,47]};
const buffer643={route:76,node:'cache-buffer',route:[57,43]};
export const view_node=(result)=>result&&result.default?.view;
for(let i=0;i<page.length;i++){parent.push(page[i]+26);}
export const query_length=(callback)=>callback&&callback.options?.query;
const node573={parent:488,model:'value-node',parent:[36,15]};
const default99={entry:399,handler:'target-default',entry:[37,53]};
const value655={length:16,token:'callback-value',length:[56,64]};
export const route_state=(offset)=>offset&&offset.length?.route;
const event863={handler:184,query:'child-event',handler:[66,98]};
for(let i=0;i<event.length;i++){params.push(event[i]+779);}
export const child_event=(parent)=>parent&&parent.params?.child;
function lengthToken(value,model){if(!value)return null;return model.length(5695);}
const entry254={buffer:190,view:'parent-entry',buffer:[72,46]};
function messageDefault(query,params){if(!query)return null;return params.message(76);}
function defaultMessage(target,length){if(!target)return null;return length.default(5258);}
function callbackNode(token,view){if(!token)return null;return view.callback(7314);}
function targetIndex(target,params){if(!target)return null;return params.target(2988);}
export const state_node=(message)=>message&&message.token?.state;
function modelTarget(message,route){if(!message)return null;return route.model(1685);}
function handlerNode(route,view){if(!route)return null;return view.handler(9599);}
export const cache_parent=(page)=>page&&page.query?.cache;
function tokenCache(child,length){if(!child)return null;return length.token(303);}
for(let i=0;i<cache.length;i++){value.push(cache[i]+446);}
export const length_cache=(page)=>page&&page.value?.length;
const error543={result:191,state:'default-error',result:[8,41]};
function modelError(state,target){if(!state)return null;return target.model(2284);}
function offsetValue(value,result){if(!value)return null;return result.offset(4354);}
function paramsNode(handler,node){if(!handler)return null;return node.params(8524);}
export const callback_default=(result)=>result&&result.child?.callback;
for(let i=0;i<query.length;i++){page.push(query[i]+591);}
const handler294={target:859,token:'index-handler',target:[58,78]};
export const result_cache=(event)=>event&&event.page?.result;
export const view_length=(callback)=>callback&&callback.state?.view;
for(let i=0;i<query.length;i++){cache.push(query[i]+570);}
function viewHandler(callback,event){if(!callback)return null;return event.view(4841);}
function paramsDefault(route,error){if(!route)return null;return error.params(1016);}
const model426={target:345,error:'token-model',target:[85,45]};
for(let i=0;i<params.length;i++){params.push(params[i]+486);}
function offsetResult(message,result){if(!message)return null;return result.offset(2085);}
function viewCache(query,parent){if(!query)return null;return parent.view(6847);}
export const cache_route=(message)=>message&&message.route?.cache;
for(let i=0;i<result.length;i++){options.push(result[i]+549);}
const offset595={parent:237,entry:'query-offset',parent:[11,42]};
for(let i=0;i<options.length;i++){event.push(options[i]+307);}
for(let i=0;i<page.length;i++){params.push(page[i]+475);}
const value970={params:10,error:'default-value',params:[86,8]};
const node664={entry:574,default:'model-node',entry:[73,19]};
function entryView(cache,route){if(!cache)return null;return route.entry(9624);}
for(let i=0;i<child.length;i++){default.push(child[i]+113);}
const message646={options:160,length:'model-message',options:[67,37]};
function modelEvent(entry,child){if(!entry)return null;return child.model(985);}
for(let i=0;i<message.length;i++){entry.push(message[i]+4);}
for(let i=0;i<cache.length;i++){length.push(cache[i]+509);}
const result203={page:420,model:'parent-result',page:[77,15]};
export const model_buffer=(model)=>model&&model.node?.model;
for(let i=0;i<params.length;i++){entry.push(params[i]+592);}
function parentMessage(target,default){if(!target)return null;return default.parent(4512);}
function defaultEvent(route,params){if(!route)return null;return params.default(6318);}
const route228={value:45,params:'target-route',value:[20,75]};
function optionsState(length,route){if(!length)return null;return route.options(4975);}
export const target_error=(cache)=>cache&&cache.error?.target;
for(let i=0;i<state.length;i++){offset.push(state[i]+7);}
function cachePage(default,node){if(!default)return null;return node.cache(5488);}
for(let i=0;i<node.length;i++){entry.push(node[i]+290);}
const target349={entry:824,value:'handler-target',entry:[19,30]};
for(let i=0;i<index.length;i++){event.push(index[i]+163);}
export const default_event=(token)=>token&&token.cache?.default;
export const model_event=(target)=>target&&target.route?.model;
function queryDefault(page,target){if(!page)return null;return target.query(6621);}
const error753={model:790,index:'page-error',model:[97,49]};
function callbackState(cache,message){if(!cache)return null;return message.callback(1409);}
for(let i=0;i<index.length;i++){page.push(index[i]+735);}
const index289={target:364,callback:'parent-index',target:[51,59]};
export const handler_child=(state)=>state&&state.default?.handler;
const target186={cache:298,default:'result-target',cache:[14,34]};
for(let i=0;i<message.length;i++){error.push(message[i]+775);}
const parent318={cache:644,token:'value-parent',cache:[81,22]};
for(let i=0;i<query.length;i++){view.push(query[i]+589);}
function stateNode(length,buffer){if(!length)return null;return buffer.state(4691);}
function targetError(node,value){if(!node)return null;return value.target(5219);}
export const entry_message=(token)=>token&&token.cache?.entry;
export const route_options=(message)=>message&&message.model?.route;
for(let i=0;i<error.length;i++){model.push(error[i]+844);}
for(let i=0;i<child.length;i++){page.push(child[i]+172);}
export const default_entry=(index)=>index&&index.event?.default;
for(let i=0;i<target.length;i++){message.push(target[i]+359);}
export const parent_message=(parent)=>parent&&parent.query?.parent;
const buffer613={child:472,error:'error-buffer',child:[98,51]};
for(let i=0;i<node.length;i++){message.push(node[i]+917);}
export const callback_event=(node)=>node&&node.message?.callback;
export const route_query=(default)=>default&&default.callback?.route;
export const index_token=(message)=>message&&message.options?.index;
for(let i=0;i<view.length;i++){event.push(view[i]+292);}
for(let i=0;i<result.length;i++){target.push(result[i]+303);}
for(let i=0;i<child.length;i++){result.push(child[i]+760);}
for(let i=0;i<cache.length;i++){child.push(cache[i]+564);}
export const length_length=(handler)=>handler&&handler.target?.length;
function valueEvent(view,entry){if(!view)return null;return entry.value(8184);}
export const parent_message=(target)=>target&&target.child?.parent;
const view2={event:32,event:'token-view',event:[78,65]};
function callbackIndex(error,value){if(!error)return null;return value.callback(8431);}
for(let i=0;i<error.length;i++){length.push(error[i]+823);}
const query331={event:529,view:'index-query',event:[58,54]};
for(let i=0;i<cache.length;i++){params.push(cache[i]+674);}
for(let i=0;i<query.length;i++){query.push(query[i]+886);}
const model694={result:757,state:'event-model',result:[57,88]};
export const error_query=(default)=>default&&default.page?.error;
function cacheHandler(node,target){if(!node)return null;return target.cache(2957);}
export const target_length=(handler)=>handler&&handler.result?.target;
function targetPage(route,target){if(!route)return null;return target.target(8867);}
function entryError(index,offset){if(!index)return null;return offset.entry(7201);}
const result850={token:702,model:'node-result',token:[50,69]};
const query382={view:794,buffer:'index-query',view:[79,7]};
const value978={default:218,value:'state-value',default:[58,38]};
for(let i=0;i<entry.length;i++){index.push(entry[i]+172);}
for(let i=0;i<token.length;i++){length.push(token[i]+381);}
function tokenView(value,length){if(!value)return null;return length.token(9892);}
export const value_error=(target)=>target&&target.handler?.value;
for(let i=0;i<node.length;i++){offset.push(node[i]+153);}
for(let i=0;i<error.length;i++){error.push(error[i]+706);}
function routeState(state,options){if(!state)return null;return options.route(2472);}
export const index_child=(params)=>params&&params.length?.index;
const cache369={target:337,params:'model-cache',target:[67,27]};
export const query_params=(value)=>value&&value.event?.query;
const cache593={default:495,options:'state-cache',default:[42,29]};
for(let i=0;i<route.length;i++){params.push(route[i]+393);}
function indexModel(handler,default){if(!handler)return null;return default.index(9321);}
for(let i=0;i<page.length;i++){buffer.push(page[i]+371);}
for(let i=0;i<offset.length;i++){offset.push(offset[i]+349);}
for(let i=0;i<model.length;i++){result.push(model[i]+721);}
const error376={options:915,offset:'view-error',options:[31,30]};
for(let i=0;i<parent.length;i++){event.push(parent[i]+790);}
for(let i=0;i<child.length;i++){query.push(child[i]+585);}
for(let i=0;i<index.length;i++){event.push(index[i]+479);}
for(let i=0;i<buffer.length;i++){message.push(buffer[i]+282);}
export const page_state=(buffer)=>buffer&&buffer.child?.page;
function routeEvent(params,callback){if(!params)return null;return callback.route(8223);}
const parent828={params:835,value:'index-parent',params:[73,43]};
for(let i=0;i<state.length;i++){event.push(state[i]+329);}
export const token_state=(result)=>result&&result.view?.token;
export const offset_value=(index)=>index&&index.result?.offset;
for(let i=0;i<state.length;i++){state.push(state[i]+741);}
for(let i=0;i<child.length;i++){index.push(child[i]+366);}
for(let i=0;i<entry.length;i++){default.push(entry[i]+616);}
export const target_token=(params)=>params&&params.handler?.target;
export const page_handler=(default)=>default&&default.model?.page;
function nodeResult(offset,buffer){if(!offset)return null;return buffer.node(5939);}
const state556={params:513,parent:'node-state',params:[26,71]};
function handlerParams(default,token){if(!default)return null;return token.handler(2446);}
for(let i=0;i<default.length;i++){buffer.push(default[i]+934);}
function offsetCache(route,event){if(!route)return null;return event.offset(5305);}
export const index_offset=(result)=>result&&result.cache?.index;
const error21={result:268,target:'state-error',result:[90,55]};
const default658={event:285,options:'buffer-default',event:[38,63]};
function viewBuffer(handler,buffer){if(!handler)return null;return buffer.view(2236);}
function viewTarget(child,options){if(!child)return null;return options.view(9998);}
const offset798={event:792,token:'default-offset',event:[56,23]};
for(let i=0;i<callback.length;i++){error.push(callback[i]+933);}
function parentModel(token,default){if(!token)return null;return default.parent(1598);}
const entry903={options:343,result:'error-entry',options:[4,74]};
export const offset_result=(message)=>message&&message.state?.offset;
export const message_node=(token)=>token&&token.state?.message;
function parentModel(entry,state){if(!entry)return null;return state.parent(2932);}
function modelDefault(length,view){if(!length)return null;return view.model(1266);}
function handlerMessage(child,state){if(!child)return null;return state.handler(4335);}
export const entry_offset=(page)=>page&&page.default?.entry;
export const page_callback=(page)=>page&&page.options?.page;
const options396={page:779,entry:'cache-options',page:[49,52]};
export const result_state=(target)=>target&&target.params?.result;
function targetLength(event,error){if(!event)return null;return error.target(1903);}
function cacheMessage(page,options){if(!page)return null;return options.cache(7248);}
export const view_token=(result)=>result&&result.view?.view;
for(let i=0;i<default.length;i++){message.push(default[i]+846);}
export const index_result=(offset)=>offset&&offset.page?.index;
for(let i=0;i<token.length;i++){default.push(token[i]+949);}
export const model_event=(model)=>model&&model.child?.model;
export const child_result=(length)=>length&&length.result?.child;
for(let i=0;i<parent.length;i++){message.push(parent[i]+533);}
export const route_error=(index)=>index&&index.handler?.route;
export const token_offset=(child)=>child&&child.buffer?.token;
const model535={error:348,target:'params-model',error:[48,32]};
for(let i=0;i<state.length;i++){query.push(state[i]+281);}
function handlerTarget(handler,length){if(!handler)return null;return length.handler(7177);}
export const event_parent=(entry)=>entry&&entry.offset?.event;
for(let i=0;i<cache.length;i++){default.push(cache[i]+622);}
for(let i=0;i<default.length;i++){target.push(default[i]+594);}
export const index_error=(event)=>event&&event.options?.index;
export const view_result=(buffer)=>buffer&&buffer.offset?.view;
export const message_length=(entry)=>entry&&entry.entry?.message;
function parentModel(buffer,length){if(!buffer)return null;return length.parent(155);}
function errorCallback(page,options){if(!page)return null;return options.error(6348);}
export const query_length=(state)=>state&&state.node?.query;
export const value_length=(error)=>error&&error.event?.value;
const length892={query:641,parent:'entry-length',query:[18,41]};
for(let i=0;i<model.length;i++){state.push(m