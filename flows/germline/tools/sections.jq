{reads: {petri_report:1,id:"reads",title:"r",blocks:[]}}
